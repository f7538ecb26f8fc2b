// SwiftPM wants one source file; the libraries themselves are linked from Package.swift.
#include "CDeflate.h"
