import CDeflate
import Glibc
import LinuxKernel
import Testing

@testable import ContainerImages

@Suite struct GzipChunksTests {
    private func gzip(_ bytes: [UInt8]) -> [UInt8] {
        let compressor = libdeflate_alloc_compressor(6)
        defer { libdeflate_free_compressor(compressor) }
        return [UInt8](unsafeUninitializedCapacity: bytes.count + 1024) { buffer, count in
            count = libdeflate_gzip_compress(compressor, bytes, bytes.count, buffer.baseAddress, buffer.count)
        }
    }

    private func gunzip(_ packed: [UInt8], limit: Int64 = 1 << 30, memoryLimit: Int = 1 << 30) throws -> (bytes: [UInt8], files: Int) {
        var files = 0
        let chunks = try GzipChunks(MemoryChunks(packed), length: Int64(packed.count), limit: limit, name: "blob", memoryLimit: memoryLimit) {
            () throws(ImageError) in
            files += 1
            return SharedFile(try explaining("make a file") { () throws(SystemError) in try FileDescriptor.memory(named: "scratch") })
        }
        var out: [UInt8] = []
        while let piece = try chunks.next() { out += piece }
        return (out, files)
    }

    @Test func `a result too large for memory goes through a file, whatever its stated size`() throws {
        let bytes = (0..<200_000).map { UInt8(truncatingIfNeeded: $0 / 7) }
        #expect(try gunzip(gzip(bytes)) == (bytes, 0))
        #expect(try gunzip(gzip(bytes), memoryLimit: 1000) == (bytes, 1))
        let joined = gzip(bytes) + gzip([1, 2, 3]) + [UInt8](repeating: 0, count: 100)
        let result = try gunzip(joined, memoryLimit: 1000)
        #expect(result.bytes == bytes + [1, 2, 3] && result.files >= 1)
    }

    @Test func `a bomb, a truncation and a wrong checksum are refused`() throws {
        let bomb = gzip([UInt8](repeating: 0, count: 5_000_000))
        let error = #expect(throws: ImageError.self) { try gunzip(bomb, limit: 1_000_000) }
        #expect(error?.code == .tooLarge)
        for size in [0, 5, 17, bomb.count / 2, bomb.count - 1] where size > 0 {
            let error = #expect(throws: ImageError.self) { try gunzip(Array(bomb.prefix(size))) }
            #expect(error?.code == .corrupt)
        }
        var wrong = bomb
        wrong[bomb.count - 6] ^= 1
        #expect(throws: ImageError.self) { try gunzip(wrong) }
    }
}
