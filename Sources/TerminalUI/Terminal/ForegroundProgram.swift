import CNcurses
import Glibc
import LinuxKernel
import ViewModels

/// A program of the user's that has the terminal for itself. The screen has given it back before, and takes it again after.
enum ForegroundProgram {
    /// Runs a command to its end. Ctrl-C and Ctrl-\ are the program's; Ctrl-Z stops the whole job, and `fg` goes on with the program. What failed stays
    /// to be read until Enter. Returns why it could not be started; nil when it was.
    static func run(_ command: PluginCommand, environment: [String: String]) -> String? {
        let children: [ChildProcess]
        do throws(PluginCommand.Refusal) {
            children = try Program.start(
                command, input: STDIN_FILENO, output: STDOUT_FILENO, errors: STDERR_FILENO, environment: environment)
        } catch {
            return error.message
        }
        var status: Int32 = 0
        for index in children.indices { status = wait(children[index...]) }
        if status != 0 { showFailure(command, status) }
        return nil
    }

    /// Waits for the first of those that are left; returns its status as a shell counts.
    private static func wait(_ children: ArraySlice<ChildProcess>) -> Int32 {
        guard let first = children.first else { return 0 }
        while true {
            var status: CInt = 0
            let found = waitpid(first.pid, &status, WUNTRACED)
            if found < 0, errno == EINTR { continue }
            guard found == first.pid else { return 1 }
            guard status & 0xFF == 0x7F else { return status & 0x7F == 0 ? status >> 8 & 0xFF : 128 + status & 0x7F }
            _ = kd_signal_stop_job()
            for child in children { kill(child.pid, SIGCONT) }
        }
    }

    private static func showFailure(_ command: PluginCommand, _ status: Int32) {
        let name = command.stages.last?.program ?? ""
        let line = Array("\n[\(name) ended with status \(status); press Enter to go back to kdash]\n".utf8)
        _ = write(STDOUT_FILENO, line, line.count)
        var byte: UInt8 = 0
        while byte != 0x0A {
            var input = pollfd(fd: STDIN_FILENO, events: Int16(POLLIN), revents: 0)
            if poll(&input, 1, -1) < 0, errno == EINTR { continue }
            guard read(STDIN_FILENO, &byte, 1) == 1 else { return }
        }
    }
}
