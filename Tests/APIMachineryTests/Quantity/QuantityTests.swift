import APIMachinery
import TestSupport
import Testing

@Suite struct QuantityTests {
    @Test(arguments: [
        ("0", "0"), ("0.0", "0"), ("-0", "0"), ("1", "1"), ("100m", "100m"), ("0.1", "100m"), ("1000m", "1"), ("1500m", "1500m"),
        ("1.5", "1500m"), ("2.50", "2500m"), ("1000", "1k"), ("1024", "1024"), ("12e3", "12e3"), ("1e3", "1e3"), ("1E", "1E"),
        ("1E3", "1e3"), ("1.5e3", "1500"), ("1e-3", "1e-3"), ("1Ki", "1Ki"), ("1024Ki", "1Mi"), ("1536Mi", "1536Mi"),
        ("1.5Gi", "1536Mi"), ("0.5Ki", "512"), ("512Ki", "512Ki"), ("1000000000", "1G"), ("100u", "100u"), ("1n", "1n"),
        ("0.1n", "1n"), ("-1", "-1"), ("-0.5", "-500m"), ("+2", "2"), ("010", "10"), (".5", "500m"), ("5.", "5"),
        ("0.1Ki", "102400m"), ("128974848", "128974848"), ("129e6", "129e6"), ("129M", "129M"), ("123Mi", "123Mi"),
        ("1Ei", "1Ei"), ("100Ei", "9223372036854775807"), ("9223372036854775807", "9223372036854775807"),
        ("0.0001Mi", "104857600u"), ("1k", "1k"), ("1000k", "1M"), ("3e18", "3e18"), ("1000E", "1000E"),
    ])
    func `a quantity is written in its canonical form`(_ text: String, _ canonical: String) throws {
        #expect(try Quantity(parsing: text).canonical == canonical)
    }

    @Test(arguments: [
        ("", QuantityError.format), ("1 ", .format), (" 1", .numeric), ("abc", .numeric), ("1.1.1", .format), ("1x", .format),
        ("1Kib", .format), ("1K", .suffix), ("1mm", .suffix), ("1e", .suffix), ("1ee3", .suffix), ("e3", .numeric), (".", .numeric),
        ("1e99999999999999999999", .suffix), ("0x10", .format), ("1_000", .format), ("--1", .numeric), ("1Zi", .format),
    ])
    func `text that is no quantity is refused`(_ text: String, _ error: QuantityError) {
        #expect(throws: error) { try Quantity(parsing: text) }
    }

    @Test(arguments: [
        ("1", 1, 1000), ("100m", 1, 100), ("1500m", 2, 1500), ("1u", 1, 1), ("-100m", 0, -100), ("1Ki", 1024, 1_024_000),
        ("0", 0, 0), ("10Ei", Int64.max, Int64.max), ("-10Ei", -Int64.max, Int64.min), ("1e40", Int64.max, Int64.max),
    ])
    func `whole and milli values round up and saturate`(_ text: String, _ value: Int64, _ milli: Int64) throws {
        let quantity = try Quantity(parsing: text)
        #expect(quantity.value == value)
        #expect(quantity.milliValue == milli)
    }

    @Test func `quantities compare by amount whatever their notation`() throws {
        #expect(try Quantity(parsing: "1024Mi") == Quantity(parsing: "1Gi"))
        #expect(try Quantity(parsing: "1000m") == Quantity(parsing: "1"))
        #expect(try Quantity(parsing: "999m") < Quantity(parsing: "1"))
        #expect(Quantity(milli: 250).canonical == "250m")
        #expect((Quantity(milli: 250) + Quantity(milli: 750)).canonical == "1")
        #expect(try (Quantity(parsing: "1Gi") - Quantity(parsing: "512Mi")).canonical == "512Mi")
        #expect(try (Quantity.zero + Quantity(parsing: "1Gi")).canonical == "1Gi")
    }

    @Test func `the canonical form of any quantity reads back as the same amount`() throws {
        var generator = SeededGenerator(seed: 7)
        let suffixes = ["", "n", "u", "m", "k", "M", "G", "T", "P", "E", "Ki", "Mi", "Gi", "Ti", "Pi", "Ei", "e3", "e-6", "E2"]
        for _ in 0..<5000 {
            var text = String(Int64.random(in: -1_000_000_000...1_000_000_000, using: &generator))
            if Bool.random(using: &generator) { text += ".\(UInt32.random(in: 0...999_999, using: &generator))" }
            text += suffixes.randomElement(using: &generator) ?? ""
            let quantity = try Quantity(parsing: text)
            let again = try Quantity(parsing: quantity.canonical)
            #expect(again == quantity, "\(text) -> \(quantity.canonical)")
            #expect(again.canonical == quantity.canonical, "\(text)")
        }
    }

    @Test func `arbitrary bytes never trap the quantity parser`() {
        var generator = SeededGenerator(seed: 11)
        let alphabet = Array("0123456789.eE+-imkKMGTPnu x")
        for _ in 0..<20_000 {
            let length = Int.random(in: 0...60, using: &generator)
            let text = String((0..<length).compactMap { _ in alphabet.randomElement(using: &generator) })
            _ = try? Quantity(parsing: text).canonical  // best effort: only traps matter here
        }
    }
}
