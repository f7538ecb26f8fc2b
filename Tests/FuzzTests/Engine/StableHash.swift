/// FNV-1a: the same in every run, unlike Hashable.
func stableHash(_ bytes: some Sequence<UInt8>) -> UInt64 {
    var hash: UInt64 = 0xcbf2_9ce4_8422_2325
    for byte in bytes { hash = mixed(hash, UInt64(byte)) }
    return hash
}

/// One step of ``stableHash(_:)``.
func mixed(_ hash: UInt64, _ value: UInt64) -> UInt64 { (hash ^ value) &* 0x100_0000_01b3 }
