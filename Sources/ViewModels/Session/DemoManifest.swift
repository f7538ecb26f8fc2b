import APIMachinery
import JSONCore
import KubeClient
import KubeSchemas

/// Something to look at on an empty cluster, from the image that is always there.
enum DemoManifest {
    /// What the offer lists.
    static let items: [(title: String, detail: String)] = [
        ("web", "a Deployment of 2 pods that write a log"), ("burner", "a pod that wants a whole core and gets 250m"),
        ("sum", "a Job that counts and finishes"), ("giant", "a pod that no node has room for"),
    ]

    /// Creates everything; what is there already stays.
    static func create(_ client: KubeClient) async throws(APIStatus) {
        for document in Manifest(text).documents {
            guard let descriptor = document.descriptor else { continue }
            do throws(APIStatus) {
                _ = try await client.create(descriptor.gvr, document.object, namespace: descriptor.isNamespaced ? "demo" : nil)
            } catch {
                guard error.code == 409 else { throw error }
            }
        }
    }

    static let text = """
        apiVersion: v1
        kind: Namespace
        metadata:
          name: demo
        ---
        apiVersion: apps/v1
        kind: Deployment
        metadata:
          name: web
          namespace: demo
        spec:
          replicas: 2
          selector:
            matchLabels: {app: web}
          template:
            metadata:
              labels: {app: web}
            spec:
              containers:
              - name: app
                image: kdash.dev/demo:1
                args: [log]
                resources:
                  requests: {cpu: 10m, memory: 16Mi}
                  limits: {cpu: 100m, memory: 64Mi}
        ---
        apiVersion: apps/v1
        kind: Deployment
        metadata:
          name: burner
          namespace: demo
        spec:
          replicas: 1
          selector:
            matchLabels: {app: burner}
          template:
            metadata:
              labels: {app: burner}
            spec:
              containers:
              - name: burn
                image: kdash.dev/demo:1
                args: [burn]
                resources:
                  limits: {cpu: 250m, memory: 64Mi}
        ---
        apiVersion: batch/v1
        kind: Job
        metadata:
          name: sum
          namespace: demo
        spec:
          template:
            spec:
              restartPolicy: Never
              containers:
              - name: job
                image: kdash.dev/demo:1
                args: [job]
        ---
        apiVersion: v1
        kind: Pod
        metadata:
          name: giant
          namespace: demo
        spec:
          containers:
          - name: app
            image: kdash.dev/demo:1
            args: [log]
            resources:
              requests: {cpu: "1000"}
        """
}
