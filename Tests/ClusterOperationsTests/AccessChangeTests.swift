import APIMachinery
import JSONCore
import Testing

@testable import ClusterOperations

@Suite struct AccessChangeTests {
    private static let text = """
        {apiVersion: rbac.authorization.k8s.io/v1, kind: ClusterRole, metadata: {name: part, labels: {into: all}}, rules: [{verbs: [get], apiGroups: [""], resources: [pods]}]}
        ---
        {apiVersion: rbac.authorization.k8s.io/v1, kind: ClusterRole, metadata: {name: whole}, aggregationRule: {clusterRoleSelectors: [{matchLabels: {into: all}}]}, rules: []}
        ---
        apiVersion: rbac.authorization.k8s.io/v1
        kind: RoleBinding
        metadata: {name: b, namespace: demo}
        roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: whole}
        subjects: [{kind: User, name: ann}, {kind: ServiceAccount, name: robot, namespace: demo}]
        ---
        apiVersion: rbac.authorization.k8s.io/v1
        kind: ClusterRoleBinding
        metadata: {name: c}
        roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: part}
        subjects: [{kind: Group, name: ops}]
        """

    private func objects() throws -> [KubeObject] { try YAML.parse(Self.text).map { KubeObject($0.value) } }

    @Test func `an edited role changes what its subjects may do, also through roles that collect it`() throws {
        let objects = try objects()
        var role = objects[0]
        role["rules"] = [
            ["verbs": ["list"], "apiGroups": [""], "resources": ["pods"]],
            ["verbs": ["get"], "apiGroups": ["apps"], "resources": ["deployments"], "resourceNames": ["web"]],
        ]
        let change = AccessChange(from: objects, changed: [role])
        #expect(change.entries.map(\.subject.text) == ["Group ops", "ServiceAccount demo/robot", "User ann"])
        #expect(change.entries.map(\.namespace) == [nil, "demo", "demo"])
        for entry in change.entries {
            #expect(entry.gained == ["get deployments.apps \"web\"", "list pods"])
            #expect(entry.lost == ["get pods"])
        }
    }

    @Test func `a new binding gives, one without a subject takes, and a right one has otherwise stays`() throws {
        let objects = try objects()
        var binding = objects[2]
        binding["subjects"] = [["kind": "User", "name": "ann"], ["kind": "User", "name": "bob"]]
        let change = AccessChange(from: objects, changed: [binding])
        #expect(change.entries.map(\.subject.text) == ["ServiceAccount demo/robot", "User bob"])
        #expect(change.entries[0].lost == ["get pods"] && change.entries[1].gained == ["get pods"])
        var again = objects[2]
        again["metadata", "name"] = "d"
        #expect(AccessChange(from: objects, changed: [again]).entries.isEmpty)
        #expect(AccessChange(from: objects, changed: objects).entries.isEmpty)
    }
}
