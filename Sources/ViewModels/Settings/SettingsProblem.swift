/// What is wrong in a file of the user's settings, where, and what is allowed there.
package struct SettingsProblem: Error, Sendable, Hashable, CustomStringConvertible {
    /// The file's path.
    package var file: String
    /// The line, from 1; 0 for the whole file.
    package var line: Int
    /// What is wrong and what to do about it.
    package var message: String

    /// A problem.
    package init(file: String, line: Int, message: String) {
        self.file = file
        self.line = line
        self.message = message
    }

    /// `screen.yaml:3: …`, as compilers write it.
    package var description: String { line == 0 ? "\(file): \(message)" : "\(file):\(line): \(message)" }
}
