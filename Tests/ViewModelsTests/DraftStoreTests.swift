import JSONCore
import LinuxKernel
import TestSupport
import Testing

@testable import ViewModels

@Suite struct DraftStoreTests {
    private static func withStore(_ body: (DraftStore) async throws -> Void) async throws {
        let directory = ScratchFolder.path("drafts")
        defer { try? FileSystem.removeTree(directory) }  // best effort: it is under /tmp
        try await body(DraftStore(stateDirectory: directory))
    }

    private static func draft(_ text: String, id: String = "d") -> Draft {
        Draft(
            id: id, cluster: "c",
            target: EditorTarget(binding: ObjectBinding(context: "kdash", namespace: "default", kind: "ConfigMap", name: "a", uid: "u")),
            savedAt: Timestamp(seconds: 1_700_000_000), text: text, baseText: "base",
            bases: [
                "ConfigMap default/a": EditBase(text: ["a": 1], live: ["a": 2], uid: "u"), "ConfigMap default/b": EditBase(text: [:], live: [:]),
            ])
    }

    @Test func `a draft comes back as it was`() async throws {
        try await Self.withStore { store in
            let draft = Self.draft("a: 1")
            let isWritten = try store.save(draft, store.turn("d"))
            #expect(isWritten && store.all() == [draft])
        }
    }

    @Test func `a save that comes after its draft was removed writes nothing`() async throws {
        try await Self.withStore { store in
            _ = try store.save(Self.draft("kept", id: "other"), store.turn("other"))
            let turn = store.turn("d")
            try store.remove("d")
            let isLateWritten = try store.save(Self.draft("late"), turn)
            #expect(!isLateWritten && store.all().map(\.text) == ["kept"])
            // Written again, it is another draft.
            let isWritten = try store.save(Self.draft("again"), store.turn("d"))
            #expect(isWritten && Set(store.all().map(\.text)) == ["kept", "again"])
        }
    }

    @Test func `a save that comes late replaces no later text`() async throws {
        try await Self.withStore { store in
            let (first, second) = (store.turn("d"), store.turn("d"))
            let isWritten = (try store.save(Self.draft("second"), second), try store.save(Self.draft("first"), first))
            #expect(isWritten == (true, false) && store.all().map(\.text) == ["second"])
        }
    }

    @Test func `nothing stays of drafts that are removed while they are saved`() async throws {
        try await Self.withStore { store in
            for round in 0..<200 {
                let id = "d\(round)"
                let turn = store.turn(id)
                async let saved = KernelThread.run("test-save") { try store.save(Self.draft("x", id: id), turn) }
                async let removed: Void = KernelThread.run("test-remove") { try store.remove(id) }
                _ = try await saved
                try await removed
                #expect(store.all().isEmpty, "round \(round)")
            }
        }
    }
}
