/// What a new manifest starts from.
enum ManifestTemplate {
    /// A Deployment of the image that is always there.
    static let deployment = """
        apiVersion: apps/v1
        kind: Deployment
        metadata:
          name: web
        spec:
          replicas: 1
          selector:
            matchLabels:
              app: web
          template:
            metadata:
              labels:
                app: web
            spec:
              containers:
              - name: app
                image: kdash.dev/demo:1
                args: [log]
                resources:
                  limits:
                    cpu: 250m
                    memory: 64Mi
        """
}
