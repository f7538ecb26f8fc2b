import Glibc

/// An immutable buffer shared by reference between the store, its events and everybody who reads them; exactly as large as its content.
package final class Bytes: @unchecked Sendable, Equatable {
    // Safe because the memory is written in `init` only and freed when the last reference goes.
    private let base: UnsafeMutableRawPointer

    /// Length in bytes.
    package let count: Int

    /// Copies `source`.
    package init(copying source: UnsafeRawBufferPointer) {
        count = source.count
        base = .allocate(byteCount: max(source.count, 1), alignment: 1)
        if let start = source.baseAddress { base.copyMemory(from: start, byteCount: source.count) }
    }

    /// Copies `array`, leaving its spare capacity behind.
    package init(_ array: [UInt8]) {
        count = array.count
        base = .allocate(byteCount: max(array.count, 1), alignment: 1)
        array.withUnsafeBytes { source in
            if let start = source.baseAddress { base.copyMemory(from: start, byteCount: source.count) }
        }
    }

    deinit { base.deallocate() }

    /// Calls `body` with the content; the pointer is valid for the call only.
    package func withUnsafeBytes<Result, Failure: Error>(
        _ body: (UnsafeRawBufferPointer) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        try body(UnsafeRawBufferPointer(start: base, count: count))
    }

    /// A copy of the content.
    package var array: [UInt8] {
        withUnsafeBytes { [UInt8]($0) }
    }

    /// Appends the bytes of `range` to `output`; the range must lie inside the content.
    package func append(_ range: Range<Int>, to output: inout [UInt8]) {
        precondition(range.lowerBound >= 0 && range.upperBound <= count, "a range of a buffer lies inside it")
        output.append(contentsOf: UnsafeRawBufferPointer(start: base + range.lowerBound, count: range.count))
    }

    package static func == (left: Bytes, right: Bytes) -> Bool {
        left === right || (left.count == right.count && memcmp(left.base, right.base, left.count) == 0)
    }
}
