internal import JSONCore

/// A terminal size as clients send it on the resize channel: `{"Width":80,"Height":24}`.
enum TerminalSize {
    /// Columns and rows; nil for anything else, and for sizes no terminal has.
    static func parse(_ data: [UInt8]) -> (columns: Int, rows: Int)? {
        // best effort: a size that cannot be read leaves the terminal as it is.
        guard let value = try? JSON.parse(data), let width = value["Width"]?.integerValue, let height = value["Height"]?.integerValue,
            (1...65535).contains(width), (1...65535).contains(height)
        else { return nil }
        return (Int(width), Int(height))
    }
}
