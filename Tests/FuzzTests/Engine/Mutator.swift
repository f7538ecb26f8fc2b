/// Makes new inputs out of old ones.
struct Mutator {
    private let target: FuzzTarget

    init(_ target: FuzzTarget) { self.target = target }

    /// A changed `input`; `others` give pieces of themselves.
    func mutate(_ input: [UInt8], with others: [[UInt8]], _ random: inout FuzzRandom) -> [UInt8] {
        var bytes = input
        repeat {
            if let reshape = target.reshape, random.once(in: 2) {
                bytes = reshape(bytes, &random)
            } else {
                change(&bytes, others, &random)
            }
            // Each time: copies of copies of copies would take all memory.
            if bytes.count > target.largest { bytes.removeSubrange(target.largest...) }
        } while random.once(in: 2)
        return bytes
    }

    /// Small changes that know nothing of the format, for a part of an input that has its own frame around it.
    static func scramble(_ bytes: inout [UInt8], _ random: inout FuzzRandom) {
        switch random.below(6) {
        case 0 where !bytes.isEmpty: bytes[random.below(bytes.count)] ^= 1 << UInt8(random.below(8))
        case 1 where !bytes.isEmpty: bytes[random.below(bytes.count)] = UInt8(truncatingIfNeeded: random.next())
        case 2: bytes.insert(random.pick([0, 1, 0x20, 0x7F, 0x80, 0xFF, UInt8(ascii: "\""), 10]), at: random.below(bytes.count + 1))
        case 3: bytes.removeSubrange(random.range(in: bytes.count))
        case 4:
            let piece = bytes[random.range(in: bytes.count)]
            bytes.insert(contentsOf: piece, at: random.below(bytes.count + 1))
        default: number(&bytes, &random)
        }
    }

    private func change(_ bytes: inout [UInt8], _ others: [[UInt8]], _ random: inout FuzzRandom) {
        let place = random.below(bytes.count + 1)
        switch random.below(14) {
        case 0, 1, 2: Self.scramble(&bytes, &random)
        case 3,
            4 where !target.tokens.isEmpty:
            bytes.insert(contentsOf: random.pick(target.tokens), at: place)
        case 5 where !target.tokens.isEmpty: bytes.replaceSubrange(random.range(in: bytes.count), with: random.pick(target.tokens))
        case 6: bytes.removeSubrange(place...)
        case 7: splice(&bytes, random.pick(others), &random)
        case 8:
            let other = random.pick(others)
            bytes.insert(contentsOf: other[random.range(in: other.count)], at: place)
        case 9: repeated(&bytes, &random)
        case 10 where !target.nesting.isEmpty: nest(&bytes, at: place, &random)
        case 11: Self.number(&bytes, &random)
        case 12: length(&bytes, &random)
        default:
            let piece = Array(bytes[random.range(in: bytes.count)])
            bytes.replaceSubrange(random.range(in: bytes.count), with: piece)
        }
    }

    /// The beginning of one input and the end of another.
    private func splice(_ bytes: inout [UInt8], _ other: [UInt8], _ random: inout FuzzRandom) {
        bytes = Array(bytes.prefix(random.below(bytes.count + 1))) + other.suffix(random.below(other.count + 1))
    }

    /// One piece many times over: what takes a list must take a long one.
    private func repeated(_ bytes: inout [UInt8], _ random: inout FuzzRandom) {
        let range = random.range(in: bytes.count)
        guard !range.isEmpty else { return }
        // Few are as long as they may be: they take the time of a hundred others.
        let room = random.once(in: 32) ? target.largest : 2048
        let most = max(1, (room - bytes.count) / range.count)
        let times = random.once(in: 4) ? most : min(most, 1 + random.below(40))
        bytes.insert(contentsOf: Array(repeatElement(bytes[range], count: times).joined()), at: range.upperBound)
    }

    /// A structure inside itself, down to depths no limit allows.
    private func nest(_ bytes: inout [UInt8], at place: Int, _ random: inout FuzzRandom) {
        let (open, close) = random.pick(target.nesting)
        let depth = random.pick([1, 2, 30, 254, 255, 256, 257, 2000])
        let isClosed = !random.once(in: 4)
        let range = place..<min(bytes.count, place + random.below(20))
        let inner = Array(bytes[range])
        let opens = Array(repeatElement(open, count: depth).joined())
        bytes.replaceSubrange(range, with: opens + inner + (isClosed ? Array(repeatElement(close, count: depth).joined()) : []))
    }

    /// A number in digits becomes one at which programs go wrong.
    private static func number(_ bytes: inout [UInt8], _ random: inout FuzzRandom) {
        let digits = bytes.indices.filter { (0x30...0x39).contains(bytes[$0]) }
        guard !digits.isEmpty else { return }
        let start = random.pick(digits)
        let end = bytes[start...].firstIndex { !(0x30...0x39).contains($0) } ?? bytes.endIndex
        let text = random.pick([
            "0", "-1", "00", "1", "9", "255", "256", "65536", "2147483647", "2147483648", "4294967295", "4294967296", "9223372036854775807",
            "9223372036854775808", "18446744073709551616", "1e400", "1e-400", "0.1", "99999999999999999999999999",
        ])
        bytes.replaceSubrange(start..<end, with: text.utf8)
    }

    /// One, two, three or four bytes become a length at which programs go wrong.
    private func length(_ bytes: inout [UInt8], _ random: inout FuzzRandom) {
        let width = 1 + random.below(4)
        guard bytes.count >= width else { return }
        let start = random.below(bytes.count - width + 1)
        let left = bytes.count - start - width
        let value = random.pick([0, 1, left, left - 1, left + 1, 0x7F, 0x80, 0xFFFF, 0x7FFF_FFFF, 0xFFFF_FFFF, random.below(1 << 32)])
        for index in 0..<width { bytes[start + index] = UInt8(truncatingIfNeeded: value >> (8 * (width - 1 - index))) }
    }
}
