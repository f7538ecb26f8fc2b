// The compressors used for image layers and gzip responses: libdeflate for whole buffers, zstd for streams.
#pragma once
#include <libdeflate.h>
#include <zstd.h>
