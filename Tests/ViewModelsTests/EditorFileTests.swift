import APIMachinery
import Glibc
import JSONCore
import KubeClient
import KubeSchemas
import LinuxKernel
import Testing

@testable import ViewModels

/// Texts that come from files, go to the cluster and go back; and examples for new objects.
@MainActor @Suite struct EditorFileTests {
    private static let text = "# two\napiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: a\n---\napiVersion: v1\nkind: Secret\nmetadata: {name: b}\n"

    private func file(_ fixture: Fixture, _ name: String = "app.yaml", _ text: String = text) throws -> String {
        let folder = "\(fixture.directory)/files"
        try FileSystem.makeDirectories(folder)
        try FileSystem.writeAtomically("\(folder)/\(name)", Array(text.utf8), mode: 0o640)
        return "\(folder)/\(name)"
    }

    private func open(_ fixture: Fixture, _ path: String) async throws -> EditorModel {
        fixture.session.openFile(path)
        try await fixture.until("the file is open") { fixture.app.editor.target?.file != nil }
        return fixture.app.editor
    }

    private func content(_ path: String) throws -> String { String(decoding: try FileSystem.readFile(path), as: UTF8.self) }

    @Test func `a file is opened, its documents are listed, applied and saved back`() async throws {
        try await Fixture.with { fixture in
            let path = try file(fixture)
            let editor = try await open(fixture, path)
            #expect(editor.text == Self.text && !editor.isDirty && editor.banner?.text.hasPrefix("2 documents") == true)
            fixture.run("yaml.documents")
            guard case .palette(let list)? = fixture.app.modal else { throw APIStatus.timeout("no list") }
            #expect(list.results.map(\.item.title) == ["ConfigMap a", "Secret b"])
            list.selected = 1
            list.accept()
            #expect(editor.cursor.line == 6)
            editor.replaceAll(editor.text.replacing("name: a", with: "name: c"))
            fixture.run("yaml.apply")
            try await fixture.until("the diff") { fixture.diff != nil }
            fixture.diff?.onConfirm()
            try await fixture.until("both are there") { fixture.server.object("/api/v1/namespaces/default/secrets/b") != nil }
            try await fixture.until("it is told") { editor.banner?.text.contains("Ctrl-s") == true }
            #expect(editor.isDirty && editor.target?.file != nil)
            fixture.run("yaml.save")
            try await fixture.until("it is saved") { !editor.isDirty }
            #expect(try content(path) == Self.text.replacing("name: a", with: "name: c"))
            #expect(try FileSystem.status(path).map { $0.st_mode & 0o777 } == 0o640)
        }
    }

    @Test func `a file that somebody else wrote is not overwritten unasked`() async throws {
        try await Fixture.with { fixture in
            let path = try file(fixture)
            let editor = try await open(fixture, path)
            editor.insert("x")
            try FileSystem.writeAtomically(path, Array("theirs".utf8))
            fixture.run("yaml.save")
            try await fixture.until("the question") { fixture.dialog != nil }
            #expect(try content(path) == "theirs")
            fixture.dialog?.choose("show")
            #expect(fixture.app.detail?.lines.contains { $0.map(\.text).joined() == "- theirs" } == true)
            fixture.app.detail = nil
            fixture.run("yaml.save")
            try await fixture.until("the question again") { fixture.dialog != nil }
            fixture.dialog?.choose("yes")
            try await fixture.until("it is saved") { !editor.isDirty }
            #expect(try content(path) == "x" + Self.text)
        }
    }

    @Test func `line ends stay what they were, and links stay links`() async throws {
        try await Fixture.with { fixture in
            let path = try file(fixture, "dos.yaml", "a: 1\r\nb: 2\r\n")
            let link = "\(FileSystem.directory(of: path))/link.yaml"
            #expect(symlink(path, link) == 0)
            let editor = try await open(fixture, link)
            #expect(editor.text == "a: 1\nb: 2\n")
            editor.insert("c: 3\n")
            fixture.run("yaml.save")
            try await fixture.until("it is saved") { !editor.isDirty }
            #expect(try content(path) == "c: 3\r\na: 1\r\nb: 2\r\n")
            #expect(try FileSystem.readLink(link) == path)
        }
    }

    @Test func `a folder offers its manifests, and the prompt completes paths`() async throws {
        try await Fixture.with { fixture in
            let path = try file(fixture)
            _ = try file(fixture, "apple.yml")
            _ = try file(fixture, "notes.txt")
            let folder = FileSystem.directory(of: path)
            fixture.session.askForFile()
            fixture.app.prompt?.input = LineInput("\(folder)/a")
            #expect(fixture.app.prompt?.onKey("tab") == true)
            try await fixture.until("it is completed") { fixture.app.prompt?.input.text == "\(folder)/app" }
            fixture.app.prompt?.input = LineInput(folder)
            fixture.app.prompt?.submit()
            try await fixture.until("the files") { if case .palette = fixture.app.modal { true } else { false } }
            guard case .palette(let list)? = fixture.app.modal else { return }
            #expect(list.results.map(\.item.title) == ["app.yaml", "apple.yml"])
        }
    }

    @Test(arguments: [("/nowhere/at/all.yaml", "is not there"), ("/dev/zero", "neither a file nor a folder"), ("/proc/self/exe", "large")])
    func `what cannot be opened is told`(path: String, why: String) async throws {
        try await Fixture.with { fixture in
            fixture.session.openFile(path)
            try await fixture.until("it is told") { fixture.app.toasts.contains { $0.tone == .error } }
            #expect(fixture.app.editor.target?.file == nil)
            if why != "large" { #expect(fixture.app.toasts.last?.text.contains(why) == true) }
        }
    }

    @Test func `a new text is saved to a file that is not there yet`() async throws {
        try await Fixture.with { fixture in
            let path = try file(fixture)
            fixture.run("objects.new")
            let editor = fixture.app.editor
            editor.insert("kind: A")
            let new = "\(FileSystem.directory(of: path))/new.yaml"
            for (target, isTaken) in [(path, true), (new, false)] {
                fixture.run("yaml.save")
                fixture.app.prompt?.input = LineInput(target)
                fixture.app.prompt?.submit()
                try await fixture.until("it is answered") { isTaken ? fixture.dialog != nil : !editor.isDirty }
                fixture.dialog?.choose("no")
            }
            #expect(try content(new) == "kind: A" && content(path) == Self.text && editor.target?.file?.name == "new.yaml")
        }
    }

    @Test func `a draft of a file knows its file`() async throws {
        try await Fixture.with { fixture in
            let path = try file(fixture)
            let editor = try await open(fixture, path)
            editor.insert("x")
            try await fixture.until("a draft is saved") { editor.draft == .saved }
            #expect(fixture.session.drafts.all().first?.target.file == editor.target?.file)
        }
    }

    @Test func `one document that fails does not keep the others back, and each is told`() async throws {
        try await Fixture.with { fixture in
            let editor = try await open(fixture, try file(fixture))
            editor.place(TextPosition(line: 0, column: 0), selecting: false)
            fixture.run("yaml.apply")
            try await fixture.until("the diff") { fixture.diff != nil }
            fixture.server.refuse(.post, "/api/v1/namespaces/default/configmaps", .badRequest("no"))
            fixture.diff?.onConfirm()
            try await fixture.until("the results") { fixture.app.detail != nil }
            let lines = fixture.app.detail?.lines.map { $0.map(\.text).joined() } ?? []
            #expect(lines.contains { $0.hasPrefix("not applied  ConfigMap default/a: ") } && lines.contains("created      Secret default/b"))
            #expect(fixture.server.object("/api/v1/namespaces/default/secrets/b") != nil)
        }
    }

    // MARK: - Templates

    @Test(arguments: TemplateLibrary.all.map(\.title))
    func `every example is valid and has a name`(title: String) throws {
        let template = try #require(TemplateLibrary.all.first { $0.title == title })
        let manifest = Manifest(template.text)
        #expect(manifest.diagnostics == [] && manifest.documents.first?.descriptor?.kind == title)
        #expect(template.text.contains("\n  name: "))
    }

    @Test func `an example starts with its name selected, and kinds of the server's own have one, too`() async throws {
        try await Fixture.with { fixture in
            fixture.server.answer("/openapi/v3", CustomKind.index)
            fixture.server.answer("/openapi/v3/apis/stable.example.com/v1", CustomKind.document)
            fixture.run("yaml.template")
            try await fixture.until("the list") { if case .palette = fixture.app.modal { true } else { false } }
            guard case .palette(let list)? = fixture.app.modal else { return }
            list.query.insert("crontab")
            list.accept()
            let editor = fixture.app.editor
            #expect(editor.isTyping && editor.selection.map { editor.buffer.text($0) } == "my-crontab")
            #expect(editor.text.contains("apiVersion: stable.example.com/v1") && editor.text.contains("  cronSpec: \"\""))
        }
    }
}
