import Testing

@testable import ClusterOperations

@Suite struct UsedByTests {
    @Test func `every place that names a secret is found, and no namesake`() async throws {
        try await OperationsServer.with { server in
            try await server.apply(
                """
                {apiVersion: v1, kind: Secret, metadata: {name: s}}
                ---
                {apiVersion: v1, kind: ConfigMap, metadata: {name: s}}
                ---
                {apiVersion: v1, kind: ServiceAccount, metadata: {name: robot}, imagePullSecrets: [{name: s}]}
                ---
                {apiVersion: networking.k8s.io/v1, kind: Ingress, metadata: {name: front}, spec: {tls: [{hosts: [a.example], secretName: s}], defaultBackend: {service: {name: web, port: {number: 80}}}}}
                ---
                apiVersion: apps/v1
                kind: Deployment
                metadata: {name: web}
                spec:
                  selector: {matchLabels: {app: web}}
                  template:
                    metadata: {labels: {app: web}}
                    spec:
                      serviceAccountName: robot
                      containers:
                      - {name: a, image: i, env: [{name: PASSWORD, valueFrom: {secretKeyRef: {name: s, key: k}}}]}
                      - {name: b, image: i, envFrom: [{secretRef: {name: s}}, {configMapRef: {name: s}}]}
                      volumes: [{name: plain, secret: {secretName: s}}, {name: mixed, projected: {sources: [{secret: {name: s}}]}}]
                """)
            try await server.apply(Manifest.pod("unrelated"))
            let secret = try await UsedBy.read(try await server.target("Secret", "s"), server.client)
            let places = Dictionary(uniqueKeysWithValues: secret.uses.map { ("\($0.user.kind) \($0.user.name)", $0.places) })
            #expect(
                places == [
                    "Deployment web": ["volume plain", "volume mixed", "env PASSWORD of container a", "all env of container b"],
                    "Ingress front": ["tls of a.example"], "ServiceAccount robot": ["imagePullSecrets"],
                ])
            let map = try await UsedBy.read(try await server.target("ConfigMap", "s"), server.client)
            #expect(map.uses.map(\.places) == [["all env of container b"]])
            let account = try await UsedBy.read(try await server.target("ServiceAccount", "robot"), server.client)
            #expect(account.uses.map(\.user.name) == ["web"])
            await expectRefusal("nobody refers to a Pod") { _ = try await UsedBy.read(try await server.target("Pod", "unrelated"), server.client) }
        }
    }

    @Test func `claims lead from a storage class, and ingresses and sets from a service`() async throws {
        try await OperationsServer.with { server in
            try await server.apply(
                """
                {apiVersion: storage.k8s.io/v1, kind: StorageClass, metadata: {name: fast}, provisioner: p}
                ---
                {apiVersion: v1, kind: PersistentVolumeClaim, metadata: {name: disk}, spec: {storageClassName: fast, accessModes: [ReadWriteOnce], resources: {requests: {storage: 1Gi}}}}
                ---
                {apiVersion: v1, kind: Service, metadata: {name: web}, spec: {ports: [{port: 80}]}}
                ---
                {apiVersion: networking.k8s.io/v1, kind: Ingress, metadata: {name: front}, spec: {rules: [{host: a.example, http: {paths: [{path: /x, pathType: Prefix, backend: {service: {name: web, port: {number: 80}}}}]}}]}}
                """)
            #expect(try await UsedBy.read(try await server.target("StorageClass", "fast"), server.client).uses.map(\.user.name) == ["disk"])
            #expect(try await UsedBy.read(try await server.target("Service", "web"), server.client).uses.map(\.places) == [["a.example/x"]])
        }
    }
}
