import LinuxKernel
import Testing
import ViewModels

@Suite struct ShellTextTests {
    @Test(arguments: [
        (["kdash", "down"], "kdash down"), (["sudo", "kdash", "down", "--data-dir", "/srv/a-b_c.d"], "sudo kdash down --data-dir /srv/a-b_c.d"),
        (["/a b"], "'/a b'"), (["it's"], #"'it'\''s'"#), (["$(rm x)"], "'$(rm x)'"), ([""], "''"), (["~", "a;b", "é"], "'~' 'a;b' 'é'"),
    ])
    func `words are quoted only where a shell needs it`(words: [String], line: String) {
        #expect(ShellText.line(words) == line)
    }

    @Test(arguments: ["plain", "/a b/c", "it's \"so\"", "$HOME`id`\\", "*?[a]{b,c}", "-n", "~", "a\nb", "tab\tend ", "日本 é", "#x", "a=b", "!1"])
    func `a shell reads the word that was meant`(word: String) throws {
        let ends = try UnixSocket.pair(.stream)
        let output = FileDescriptor(ends.0)
        let child = try {
            let input = FileDescriptor(ends.1)
            return try ChildProcess.start(
                "/bin/sh", arguments: ["sh", "-c", "printf %s \(ShellText.quoted(word))"], standardStreams: (nil, input.raw, nil))
        }()
        var bytes: [UInt8] = []
        while case let more = try output.read(maximum: 4096), !more.isEmpty { bytes += more }
        let exit = try child.wait()
        #expect(exit == .code(0) && String(decoding: bytes, as: UTF8.self) == word)
    }
}
