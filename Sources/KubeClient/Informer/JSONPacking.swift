import CDeflate
import Synchronization

/// Packs JSON texts that are alike against one of them: the objects of a kind differ in names and numbers, so that little of each is left.
///
/// A text that is packed is read again in microseconds, by whoever has the same packing.
final class JSONPacking: Sendable {
    /// The text whose parts the others repeat.
    private let model: [UInt8]

    init(model: [UInt8]) { self.model = model }

    /// The packed forms of `texts`; nil for one that does not become smaller, and for all when the system has no memory left to pack them.
    func pack(_ texts: [[UInt8]]) -> [[UInt8]?] {
        guard let context = ZSTD_createCCtx() else { return texts.map { _ in nil } }
        defer { ZSTD_freeCCtx(context) }
        guard let dictionary = ZSTD_createCDict(model, model.count, Self.level) else { return texts.map { _ in nil } }
        defer { ZSTD_freeCDict(dictionary) }
        return texts.map { text in
            withUnsafeTemporaryAllocation(byteCount: text.count, alignment: 1) { room in
                // Where it does not fit it is no smaller either.
                let size = ZSTD_compress_usingCDict(context, room.baseAddress, room.count, text, text.count, dictionary)
                return ZSTD_isError(size) != 0 ? nil : [UInt8](room.prefix(size))
            }
        }
    }

    /// The text of `size` bytes that ``pack(_:)`` made `packed` from; nil for anything else.
    func unpack(_ packed: [UInt8], size: Int) -> [UInt8]? {
        Self.decoder.withLock { decoder in
            if decoder == nil { decoder = ZSTD_createDCtx().map { Decoder($0) } }
            guard let context = decoder?.context else { return nil }
            var made = 0
            let text = [UInt8](unsafeUninitializedCapacity: size) { room, count in
                made = ZSTD_decompress_usingDict(context, room.baseAddress, size, packed, packed.count, model, model.count)
                count = ZSTD_isError(made) != 0 ? 0 : made
            }
            return text.count == size ? text : nil
        }
    }

    /// zstd's fastest: others leave hardly less of texts that are alike.
    private static let level: Int32 = 1

    /// What decompressing needs, some hundred kilobytes: one for the process, as each use is short.
    private struct Decoder: @unchecked Sendable {
        // Safe because only whoever holds the lock uses it.
        let context: OpaquePointer

        init(_ context: OpaquePointer) { self.context = context }
    }

    private static let decoder = Mutex<Decoder?>(nil)
}
