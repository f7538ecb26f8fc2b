import Glibc
import LinuxKernel
import TestSupport
import Testing

@testable import ViewModels

@Suite struct EditFolderTests {
    private func draft(_ text: String) -> Draft {
        let binding = ObjectBinding(context: "kdash", namespace: "default", kind: "ConfigMap", name: "a", uid: "u")
        return Draft(
            id: "", cluster: "c", target: EditorTarget(binding: binding), savedAt: Timestamp(seconds: 7), text: text, baseText: "base", bases: [:])
    }

    private func with(_ body: (String) throws -> Void) throws {
        let directory = ScratchFolder.path("edit")
        try FileSystem.makeDirectories(directory, mode: 0o700)
        defer { try? FileSystem.removeTree(directory) }  // best effort: a temporary folder
        try body(directory)
    }

    /// What an editor did in a folder whose kdash was killed.
    private func leave(_ directory: String, _ text: String, saved: String, beside: String? = nil) throws {
        let path: String
        do {
            let folder = try EditFolder(stateDirectory: directory, name: "configmap-a.yaml", draft: draft(text))
            try FileSystem.writeAtomically(folder.file, Array(saved.utf8), mode: 0o600)
            if let beside { try FileSystem.writeAtomically("\(folder.path)/\(beside)", [1], mode: 0o600) }
            path = folder.path
        }
        try waitUntilFree(path)
    }

    /// A process that another test is starting has a copy of every lock until its program begins.
    private func waitUntilFree(_ folder: String) throws {
        while try FileLock.isHeld("\(folder)/.lock") { usleep(1000) }
    }

    private func left(_ directory: String) -> [Draft] {
        var found: [Draft] = []
        EditFolder.takeLeft(directory) { draft in found.append(draft) }
        return found
    }

    @Test func `a text that cannot be kept stays in its folder for the next start`() throws {
        try with { directory in
            try leave(directory, "old", saved: "new\n")
            // No folder of drafts can be made where a file is.
            try FileSystem.writeAtomically("\(directory)/drafts", [1], mode: 0o600)
            let store = DraftStore(stateDirectory: directory)
            store.adoptLeft()
            #expect(store.all().isEmpty)
            try FileSystem.removeFile("\(directory)/drafts")
            store.adoptLeft()
            #expect(store.all().map(\.text) == ["new"])
            #expect(try FileSystem.names(in: directory) == ["drafts"])
        }
    }

    @Test func `a folder is held while the editor lives, even when kdash does not`() throws {
        try with { directory in
            var folder: EditFolder? = try EditFolder(stateDirectory: directory, name: "a.yaml", draft: draft("old"))
            try FileSystem.writeAtomically(try #require(folder).file, Array("new\n".utf8), mode: 0o600)
            let editor = try ChildProcess.start(
                "/bin/sh", arguments: ["sh", "-c", "exec sleep 1000"], inherited: folder?.lock.map { [$0.descriptor] } ?? [])
            let path = try #require(folder).path
            folder = nil
            #expect(left(directory).isEmpty)
            kill(editor.pid, SIGKILL)
            _ = try editor.wait()
            try waitUntilFree(path)
            #expect(left(directory).map(\.text) == ["new"])
        }
    }

    @Test func `what an editor saved after kdash was killed is a draft, once`() throws {
        try with { directory in
            try leave(directory, "old", saved: "new\n")
            let store = DraftStore(stateDirectory: directory)
            store.adoptLeft()
            let found = try #require(store.all().first)
            #expect(found.text == "new" && found.baseText == "base" && found.cluster == "c" && found.target.binding.name == "a" && !found.id.isEmpty)
            store.adoptLeft()
            #expect(store.all().count == 1)
            #expect(try FileSystem.names(in: directory) == ["drafts"])
        }
    }

    @Test func `a folder that kdash waits for, one without changes and one that is no folder of ours give nothing`() throws {
        try with { directory in
            let held = try EditFolder(stateDirectory: directory, name: "a.yaml", draft: draft("old"))
            try FileSystem.writeAtomically(held.file, Array("new\n".utf8), mode: 0o600)
            try leave(directory, "same", saved: "same\n")
            try leave(directory, "old", saved: "")
            try FileSystem.makeDirectories("\(directory)/edit-strange", mode: 0o700)
            try FileSystem.writeAtomically("\(directory)/edit-strange/.origin", Array("{\"text\": 5".utf8), mode: 0o600)
            #expect(left(directory).isEmpty)
            #expect(FileSystem.exists(held.file) && FileSystem.exists("\(directory)/edit-strange/.origin"))
            #expect(held.leftovers.isEmpty)
        }
    }

    @Test func `what lies beside the text stays for the user, and the text is offered once`() throws {
        try with { directory in
            try leave(directory, "old", saved: "new\n", beside: ".configmap-a.yaml.swp")
            #expect(left(directory).map(\.text) == ["new"])
            #expect(left(directory).isEmpty)
            let folder = try #require(try FileSystem.names(in: directory).first { $0.hasPrefix("edit-") })
            #expect(FileSystem.exists("\(directory)/\(folder)/.configmap-a.yaml.swp"))
        }
    }
}
