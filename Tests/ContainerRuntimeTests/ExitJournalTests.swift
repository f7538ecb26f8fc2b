import CLinux
import Glibc
import LinuxKernel
import Testing

@testable import ContainerRuntime

@Suite struct ExitJournalTests {
    private typealias Record = (kind: kd_journal_kind, id: String, status: Int32)

    private static func bytes(_ records: [Record]) -> [UInt8] {
        records.flatMap { kind, id, status in
            var record = kd_journal_record()
            record.magic = UInt32(KD_JOURNAL_MAGIC)
            record.kind = kind.rawValue
            record.status = status
            withUnsafeMutableBytes(of: &record.id) { $0.copyBytes(from: Array(id.utf8)) }
            record.checksum = kd_journal_checksum(&record)
            return withUnsafeBytes(of: record) { Array($0) }
        }
    }

    /// Ids with their exit codes, `-` for what has none.
    private static func read(_ bytes: [UInt8]) -> [String] {
        ExitJournal.read(bytes).map { "\($0.id)\($0.exit.map { "\($0.code)" } ?? "-")" }
    }

    @Test func `a damaged record costs only itself`() {
        let size = MemoryLayout<kd_journal_record>.size
        var journal = Self.bytes([(KD_JOURNAL_STARTED, "a", 0), (KD_JOURNAL_STARTED, "b", 0), (KD_JOURNAL_EXITED, "a", 0x300)])
        #expect(Self.read(journal) == ["a3", "b-"])
        #expect(Self.read(Array(journal.dropLast(1))) == ["a-", "b-"])
        journal[size + 9] ^= 1
        #expect(Self.read(journal) == ["a3"])
        #expect(Self.read([]).isEmpty && Self.read([1, 2, 3]).isEmpty)
    }

    @Test func `a whole snapshot replaces what came before, another changes nothing`() {
        let before: [Record] = [(KD_JOURNAL_STARTED, "a", 0), (KD_JOURNAL_EXITED, "a", 0x300), (KD_JOURNAL_STARTED, "b", 0)]
        let snapshot: [Record] = [(KD_JOURNAL_STARTED, "a", 0), (KD_JOURNAL_EXITED, "a", 0x300), (KD_JOURNAL_SNAPSHOT, "", 2)]
        #expect(Self.read(Self.bytes(before + snapshot)) == ["a3"])
        #expect(Self.read(Self.bytes(before + snapshot + [(KD_JOURNAL_REMOVED, "a", 0)])).isEmpty)
        for cut in 0..<3 { #expect(Self.read(Self.bytes(before + snapshot.prefix(cut))) == ["a3", "b-"]) }
        var damaged = Self.bytes(before + snapshot)
        damaged[4 * MemoryLayout<kd_journal_record>.size + 9] ^= 1  // the second of the snapshot's
        #expect(Self.read(damaged) == ["a3", "b-"])
        for count in [4, Int32.max, -1] as [Int32] {
            #expect(Self.read(Self.bytes(before + [(KD_JOURNAL_SNAPSHOT, "", count)])) == ["a3", "b-"], "\(count) records")
        }
    }

    /// The supervisor's own journal with every call that makes room in it ending the program, writes after a part.
    private static let program = #"""
        #include "supervisor_internal.h"
        #include <fcntl.h>
        #include <stdio.h>
        #include <stdlib.h>
        #include <string.h>
        #include <unistd.h>
        static int step, last, writes;
        ssize_t __real_pwrite(int fd, const void *bytes, size_t size, off_t at);
        int __real_fdatasync(int fd);
        int __real_ftruncate(int fd, off_t size);
        ssize_t __wrap_pwrite(int fd, const void *bytes, size_t size, off_t at) {
            if (step++ == last) { __real_pwrite(fd, bytes, size / 2 + 7, at); _exit(7); }
            return __real_pwrite(fd, bytes, writes++ % 2 ? size : size / 3 + 5, at);
        }
        int __wrap_fdatasync(int fd) { if (step++ == last) _exit(7); return __real_fdatasync(fd); }
        int __wrap_ftruncate(int fd, off_t size) { if (step++ == last) _exit(7); return __real_ftruncate(fd, size); }
        static void say(const char *name, int number, int status, int until) {
            static struct entry entry;
            struct entry *kept = until == KD_JOURNAL_REMOVED ? &entry : calloc(1, sizeof *kept);
            kept->kind = CONTAINER;
            kept->state = until == KD_JOURNAL_STARTED ? KD_STATE_RUNNING : KD_STATE_EXITED;
            kept->ended = until != KD_JOURNAL_STARTED;
            kept->status = status;
            snprintf(kept->id, sizeof kept->id, "%s%d", name, number);
            if (kept != &entry) entries[entry_limit++] = kept;
            for (int kind = KD_JOURNAL_STARTED; kind <= until; kind++) journal(kind, kept);
        }
        int main(int argc, char **argv) {
            node.journal = open(argv[1], O_WRONLY | O_CREAT | O_TRUNC | O_APPEND, 0600);
            last = atoi(argv[2]);
            for (int i = 0; i < 40; i++) say("r", i, 0, KD_JOURNAL_STARTED);
            for (int i = 0; i < 40; i++) say("e", i, 0x300, KD_JOURNAL_EXITED);
            while (!step) say("gone", 0, 0, KD_JOURNAL_REMOVED);
            say("after", 0, 0x500, KD_JOURNAL_EXITED);
            return argc != 3;
        }
        """#

    @Test(.enabled(if: StaticSupervisor.obstacle == nil, "\(StaticSupervisor.obstacle ?? "")"))
    func `making room in the journal loses nothing whenever it is interrupted`() throws {
        let folder = "/tmp/kdash-test-\(SecureRandom.hex(12))"
        try FileSystem.makeDirectories(folder)
        defer { try? FileSystem.removeTree(folder) }  // best effort: it is under /tmp
        let flags = ["pwrite", "fdatasync", "ftruncate"].map { "-Wl,--wrap=\($0)" }
        _ = try StaticSupervisor.build("\(folder)/journal", main: Self.program, flags)
        let kept = (0..<40).map { "r\($0)-" } + (0..<40).map { "e\($0)3" }
        for step in 0..<40 {
            let child = try ChildProcess.start("\(folder)/journal", arguments: ["journal", "\(folder)/out", "\(step)"], standardStreams: (nil, 2, 2))
            let end = try child.wait()
            let found = Self.read(try FileSystem.readFile("\(folder)/out", limit: 64 << 20))
            guard end == .code(0) else {
                #expect(end == .code(7))
                #expect(found == kept, "interrupted at step \(step)")
                continue
            }
            #expect(step >= 7, "it is written twice, in parts, and cut off")
            #expect(found == kept + ["after05"])
            let size = try #require(try FileSystem.status("\(folder)/out")).st_size
            #expect(size == (40 + 80 + 1 + 2) * MemoryLayout<kd_journal_record>.size)
            return
        }
        Issue.record("it never came to its end")
    }
}
