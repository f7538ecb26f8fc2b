internal import CLinux

/// Randomness from the kernel (getrandom(2)); never predictable, never exhausted.
package enum SecureRandom {
    /// `count` random bytes.
    package static func bytes(_ count: Int) -> [UInt8] {
        [UInt8](unsafeUninitializedCapacity: count) { buffer, initialized in
            let got = kd_getrandom(buffer.baseAddress, count)
            precondition(got == count, "getrandom with flags 0 blocks until it can answer and then cannot fail")
            initialized = count
        }
    }

    /// A version 4 UUID in lower case, for example `8b8a1f3e-…`.
    package static func uuidV4() -> String {
        var raw = bytes(16)
        raw[6] = raw[6] & 0x0f | 0x40
        raw[8] = raw[8] & 0x3f | 0x80
        return String(unsafeUninitializedCapacity: 36) { out in
            var position = 0
            for (index, byte) in raw.enumerated() {
                if index == 4 || index == 6 || index == 8 || index == 10 {
                    out[position] = 45
                    position += 1
                }
                out[position] = hexDigit(byte >> 4)
                out[position + 1] = hexDigit(byte & 15)
                position += 2
            }
            return position
        }
    }

    /// `count` random lower-case hexadecimal digits.
    package static func hex(_ count: Int) -> String {
        let raw = bytes(count)
        return String(unsafeUninitializedCapacity: count) { out in
            for (index, byte) in raw.enumerated() { out[index] = hexDigit(byte & 15) }
            return count
        }
    }

    /// `count` characters that spell no word, as in generated pod names. Source: apimachinery util/rand `alphanums`.
    package static func lowercaseSuffix(_ count: Int) -> String {
        let alphabet: StaticString = "bcdfghjklmnpqrstvwxz2456789"
        var out: [UInt8] = []
        while out.count < count {
            // 243 is the largest multiple of 27 below 256: larger bytes would make some characters likelier.
            for byte in bytes(count) where byte < 243 && out.count < count {
                out.append(alphabet.utf8Start[Int(byte % 27)])
            }
        }
        return String(decoding: out, as: UTF8.self)
    }

    private static func hexDigit(_ value: UInt8) -> UInt8 { value < 10 ? 48 + value : 87 + value }
}
