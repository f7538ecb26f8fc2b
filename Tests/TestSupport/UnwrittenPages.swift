internal import Glibc

/// How much of a file only the page cache has: what a power cut would take.
package enum UnwrittenPages {
    /// The pages of a file that are not on the disk; nil where the kernel (before 6.5) or the file system does not tell. Source: cachestat(2).
    package static func count(_ path: String) -> Int? {
        let file = open(path, O_RDONLY)
        guard file >= 0 else { return nil }
        defer { close(file) }
        typealias Call = @convention(c) (Int, Int, UnsafePointer<UInt64>, UnsafeMutablePointer<UInt64>, Int) -> Int
        guard let symbol = dlsym(nil, "syscall") else { return nil }
        // Safe because syscall(2) takes its arguments in the registers of any call, variadic or not.
        let call = unsafeBitCast(symbol, to: Call.self)
        // From the start to the end: both zero. Then cached, dirty, being written, evicted, recently evicted.
        var found = [UInt64](repeating: 0, count: 5)
        guard call(451, Int(file), [0, 0], &found, 0) == 0 else { return nil }
        return Int(found[1] + found[2])
    }
}
