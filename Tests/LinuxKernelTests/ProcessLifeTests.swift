import Glibc
import LinuxKernel
import Testing

@Suite struct ProcessLifeTests {
    @Test func `a process that has exited is ending before and after somebody asks how`() throws {
        #expect(!ProcessLife.isEnding(getpid()))
        var pid: pid_t = 0
        let arguments: [UnsafeMutablePointer<CChar>?] = [strdup("true"), nil]
        defer { free(arguments[0]) }
        try #require(posix_spawn(&pid, "/bin/true", nil, nil, arguments, nil) == 0)
        var info = siginfo_t()
        #expect(waitid(P_PID, id_t(pid), &info, WEXITED | WNOWAIT) == 0)
        #expect(FileSystem.exists("/proc/\(pid)") && ProcessLife.isEnding(pid))
        var status: CInt = 0
        #expect(waitpid(pid, &status, 0) == pid)
        #expect(ProcessLife.isEnding(pid))
    }
}
