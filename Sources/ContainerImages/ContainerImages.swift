// ContainerImages
//
// Image references, archives, and a store of unpacked layers. May import JSONCore and LinuxKernel. Knows nothing about pods.
//
// Layout of a store: `blobs/sha256/<hex>` (configurations and manifests), `layers/<chain id>/fs` (one overlay directory per
// layer, shared by images), `images.json` (the records), `staging/` (work in progress, emptied at start).
//
// Invariants: a layer directory exists only if its content matched the digest it is named after; nothing of an archive is
// believed before it is verified; no path of an archive can leave the directory it is unpacked into; a failed load leaves
// nothing behind. Folders of the store are reached by descriptors and no link in it is followed: privileged pods can plant some.
