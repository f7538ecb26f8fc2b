import JSONCore
import LinuxKernel
import Testing

@testable import APIMachinery

/// What must hold for any configuration and any object.
@Suite struct ApplyPropertyTests {
    private static let time = Timestamp(seconds: 1)

    private static func applier(_ name: String) -> ManagedFields.Manager {
        ManagedFields.Manager(name: name, operation: .apply, apiVersion: "v1")
    }

    private static func updater(_ name: String) -> ManagedFields.Manager {
        ManagedFields.Manager(name: name, operation: .update, apiVersion: "v1")
    }

    /// An object of a type that an applier may send.
    private static func object(_ seed: UInt64) -> JSONValue {
        var generator = ObjectGenerator(seed: seed)
        var object = generator.object(TestSchemas.pod)
        if case .object(var metadata)? = object["metadata"] {
            // Nobody comes to own these, so an apply never takes them away.
            metadata.removeAll { ManagedFields.unownedMetadata.contains($0.key) }
            object["metadata"] = metadata.isEmpty ? nil : .object(metadata)
        }
        return .object(object)
    }

    /// A configuration of that object: repeated items are not allowed in one.
    private static func config(_ seed: UInt64) -> JSONValue? {
        let value = object(seed)
        do throws(AppliedError) { try AppliedValidation.check(value, type: TestSchemas.pod) } catch { return nil }
        return value
    }

    private static let manager = FieldManager(type: TestSchemas.pod)

    @Test func `applying the same again changes nothing`() throws {
        var count = 0
        for seed in 1...400 {
            guard let config = Self.config(UInt64(seed)) else { continue }
            count += 1
            let live = Self.object(UInt64(seed + 10_000))
            let owned = Self.manager.update(ManagedFields(), from: .object(JSONObject()), to: live, by: Self.updater("u"), at: Self.time)
            let first = try Self.manager.apply(config, to: live, owned, by: Self.applier("a"), isForced: true, at: Self.time)
            let object = first.object ?? live
            let second = try Self.manager.apply(config, to: object, first.managed, by: Self.applier("a"), isForced: false, at: Self.time)
            #expect(second.object == nil, "seed \(seed)")
            #expect(second.managed == first.managed, "seed \(seed)")
        }
        #expect(count > 50)
    }

    @Test func `what is applied is there, and what is taken out of the configuration is gone`() throws {
        for seed in 1...400 {
            guard let config = Self.config(UInt64(seed)) else { continue }
            let first = try Self.manager.apply(
                config, to: .object(JSONObject()), ManagedFields(), by: Self.applier("a"), isForced: false, at: Self.time)
            let object = try #require(first.object)
            #expect(FieldComparison(from: config, to: object, type: TestSchemas.pod).isSame, "seed \(seed)")
            let bare: JSONValue = ["apiVersion": config["apiVersion"] ?? "v1", "kind": config["kind"] ?? "Pod"]
            let second = try Self.manager.apply(bare, to: object, first.managed, by: Self.applier("a"), isForced: false, at: Self.time)
            #expect((second.object ?? object) == bare, "seed \(seed)")
        }
    }

    @Test func `the fields of a new object are the same by walk and by comparison`() throws {
        for seed in 1...400 {
            let object = Self.object(UInt64(seed))
            let compared = Self.manager.update(ManagedFields(), from: .object(JSONObject()), to: object, by: Self.updater("u"), at: Self.time)
            let written = ManagedFields.text(
                ofNew: try #require(object.objectValue), type: TestSchemas.pod, by: Self.updater("u"), ignoring: [], at: Self.time)
            #expect(compared.text == written, "seed \(seed)")
        }
    }

    @Test func `a comparison names exactly what differs`() {
        for seed in 1...400 {
            let (old, new) = (Self.object(UInt64(seed)), Self.object(UInt64(seed + 1)))
            let difference = FieldComparison(from: old, to: new, type: TestSchemas.pod)
            let back = FieldComparison(from: new, to: old, type: TestSchemas.pod)
            #expect(difference.added == back.removed && difference.removed == back.added && difference.modified == back.modified)
            #expect(FieldComparison(from: old, to: old, type: TestSchemas.pod).isSame)
            #expect(difference.added.intersection(difference.removed).isEmpty)
            #expect(difference.added.intersection(difference.modified).isEmpty)
        }
    }

    @Test func `a set survives its text`() {
        for seed in 1...200 {
            let set = FieldSet(of: Self.object(UInt64(seed)), type: TestSchemas.pod)
            var out: [UInt8] = []
            set.write(into: &out)
            #expect((try? JSON.parse(out)).flatMap { FieldSet(fieldsV1: $0) } == set, "seed \(seed)")
        }
    }
}
