import APIMachinery
import Testing

@testable import ClusterOperations

@Suite struct FindingsTests {
    private func texts(_ server: OperationsServer) async -> [String] {
        await Findings.read("default", server.client).items.map { "\($0.severity) \($0.subject.kind) \($0.subject.name): \($0.text)" }
    }

    @Test func `what is broken comes first: names that lead to nothing, selectors that find nothing`() async throws {
        try await OperationsServer.with { server in
            try await server.apply(
                """
                apiVersion: apps/v1
                kind: Deployment
                metadata: {name: web}
                spec:
                  selector: {matchLabels: {app: web}}
                  template:
                    metadata: {labels: {app: web}}
                    spec:
                      containers:
                      - name: app
                        image: "shop:1.2"
                        resources: {limits: {memory: 64Mi, cpu: 100m}}
                        env: [{name: A, valueFrom: {secretKeyRef: {name: absent, key: k}}}, {name: B, valueFrom: {configMapKeyRef: {name: maybe, key: k, optional: true}}}]
                ---
                {apiVersion: v1, kind: Service, metadata: {name: lost}, spec: {selector: {app: nobody}, ports: [{port: 80}]}}
                ---
                {apiVersion: v1, kind: Service, metadata: {name: web}, spec: {ports: [{port: 80, name: http}]}}
                ---
                apiVersion: networking.k8s.io/v1
                kind: Ingress
                metadata: {name: front}
                spec:
                  tls: [{hosts: [a.example], secretName: certificate}]
                  rules:
                  - host: a.example
                    http:
                      paths:
                      - {path: /, pathType: Prefix, backend: {service: {name: web, port: {number: 81}}}}
                      - {path: /named, pathType: Prefix, backend: {service: {name: web, port: {name: http}}}}
                      - {path: /x, pathType: Prefix, backend: {service: {name: gone, port: {number: 80}}}}
                ---
                {apiVersion: autoscaling/v2, kind: HorizontalPodAutoscaler, metadata: {name: scaler}, spec: {maxReplicas: 3, scaleTargetRef: {apiVersion: apps/v1, kind: Deployment, name: absent}}}
                """)
            let found = await texts(server)
            #expect(
                found == [
                    "broken Deployment web: env A of container app names Secret absent, which is not there",
                    "broken HorizontalPodAutoscaler scaler: scales Deployment absent, which is not there",
                    "broken Ingress front: leads to Service gone, which is not there",
                    "broken Ingress front: leads to port 81 of Service web, which it does not have",
                    "broken Ingress front: takes its certificate from Secret certificate, which is not there",
                    "broken Service lost: selects no pods: app=nobody",
                ])
        }
    }

    @Test func `risks and advice about containers, bare pods and what nobody uses`() async throws {
        try await OperationsServer.with { server in
            try await server.apply(
                """
                apiVersion: v1
                kind: Pod
                metadata: {name: alone, labels: {app: alone}}
                spec:
                  hostNetwork: true
                  containers: [{name: app, image: registry.example:5000/shop, securityContext: {privileged: true}, ports: [{containerPort: 80, name: http}]}]
                ---
                {apiVersion: v1, kind: Service, metadata: {name: web}, spec: {selector: {app: alone}, ports: [{name: a, port: 80, targetPort: https}, {name: b, port: 81, targetPort: http}]}}
                ---
                {apiVersion: v1, kind: ConfigMap, metadata: {name: dust}}
                ---
                {apiVersion: policy/v1, kind: PodDisruptionBudget, metadata: {name: idle}, spec: {minAvailable: 1, selector: {matchLabels: {app: nobody}}}}
                ---
                {apiVersion: networking.k8s.io/v1, kind: NetworkPolicy, metadata: {name: wall}, spec: {podSelector: {matchLabels: {app: nobody}}}}
                """)
            let found = await texts(server)
            #expect(
                found == [
                    "broken Service web: sends to a port https that no container of its pods has",
                    "risk Pod alone: container app has no memory limit: it can take the node's memory from everything else",
                    "risk Pod alone: container app is privileged: it can do to the node whatever root can",
                    "risk Pod alone: container app runs registry.example:5000/shop, whatever that is on the day of the pull",
                    "advice ConfigMap dust: no pod and no template names it", "advice NetworkPolicy wall: selects no pods: app in (nobody)",
                    "advice Pod alone: container app asks for no CPU: the scheduler takes it for free",
                    "advice Pod alone: container app gets requests from the moment it starts",
                    "advice Pod alone: hostNetwork shares the node's own with the pod",
                    "advice Pod alone: nothing controls this pod: it does not come back when its node goes",
                    "advice PodDisruptionBudget idle: protects no pods: app in (nobody)",
                ])
        }
    }
}
