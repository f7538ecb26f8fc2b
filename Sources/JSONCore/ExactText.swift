internal import Glibc

extension String {
    /// Whether both are the same bytes. `==` calls texts equal that are written differently, as é and e with an accent, which to JSON
    /// and its other readers are two texts.
    func hasSameBytes(as other: String) -> Bool {
        let count = utf8.count
        guard count == other.utf8.count else { return false }
        var (own, other) = (self, other)
        return own.withUTF8 { own in
            other.withUTF8 { other in
                guard let own = own.baseAddress, let other = other.baseAddress else { return count == 0 }
                // Mostly it is one text, held by an object and by what was made of it.
                return own == other || memcmp(own, other, count) == 0
            }
        }
    }
}
