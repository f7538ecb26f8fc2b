import Testing

@testable import ViewModels

@Suite("Text scan")
struct TextScanTests {
    /// As it is said, place by place.
    private func isIn(_ needle: [UInt8], _ text: [UInt8]) -> Bool {
        let folded = text.map { $0 >= 0x41 && $0 <= 0x5A ? $0 | 0x20 : $0 }
        guard folded.count >= needle.count else { return false }
        return (0...folded.count - needle.count).contains { Array(folded[$0..<$0 + needle.count]) == needle }
    }

    @Test("a text is found at every place and no other is, whatever its length")
    func everywhere() {
        var generator = SystemRandomNumberGenerator()
        let letters = Array("abAB-[@`{z1é".utf8)
        for length in 0...70 {
            for _ in 0..<40 {
                let text = (0..<length).map { _ in letters.randomElement(using: &generator) ?? 0 }
                let needle = (0..<Int.random(in: 1...4, using: &generator)).map { _ in
                    let byte = letters.randomElement(using: &generator) ?? 0
                    return byte >= 0x41 && byte <= 0x5A ? byte | 0x20 : byte
                }
                let found = text.withUnsafeBytes { TextScan.contains(needle, in: $0) }
                #expect(found == isIn(needle, text), "\(needle) in \(text)")
            }
        }
    }

    @Test("only letters have two cases", arguments: [("[", "{"), ("@", "`"), ("\u{0B}", "+"), ("Q", "1")])
    func cases(text: String, needle: String) {
        let long = String(repeating: text, count: 40)
        #expect(!Array(long.utf8).withUnsafeBytes { TextScan.contains(Array(needle.utf8), in: $0) })
    }
}
