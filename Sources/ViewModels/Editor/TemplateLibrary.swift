/// What new objects start from: one complete example of every common kind, small enough to be read at a glance.
enum TemplateLibrary {
    /// A kind and its example; the cursor goes to the name.
    struct Template: Sendable {
        let title: String
        let detail: String
        let text: String
    }

    static let all: [Template] = [
        Template(title: "Deployment", detail: "pods that are replaced one by one", text: ManifestTemplate.deployment),
        Template(title: "StatefulSet", detail: "pods with names and volumes of their own", text: statefulSet),
        Template(title: "DaemonSet", detail: "a pod on every node", text: daemonSet), Template(title: "Job", detail: "runs to its end", text: job),
        Template(title: "CronJob", detail: "a job by the clock", text: cronJob),
        Template(title: "Service", detail: "one address for many pods", text: service),
        Template(title: "Ingress", detail: "a way in over HTTP", text: ingress),
        Template(title: "ConfigMap", detail: "settings", text: configMap), Template(title: "Secret", detail: "values that are hidden", text: secret),
        Template(title: "PersistentVolumeClaim", detail: "storage that stays", text: claim),
        Template(title: "ServiceAccount", detail: "who a pod is", text: "apiVersion: v1\nkind: ServiceAccount\nmetadata:\n  name: app"),
        Template(title: "Role", detail: "what may be done in a namespace", text: role),
        Template(title: "RoleBinding", detail: "who may do it", text: roleBinding),
        Template(title: "NetworkPolicy", detail: "which traffic passes", text: networkPolicy),
        Template(title: "HorizontalPodAutoscaler", detail: "as many pods as are needed", text: autoscaler),
        Template(title: "CustomResourceDefinition", detail: "a kind of your own", text: definition),
    ]

    private static let statefulSet = """
        apiVersion: apps/v1
        kind: StatefulSet
        metadata:
          name: db
        spec:
          serviceName: db
          replicas: 1
          selector:
            matchLabels:
              app: db
          template:
            metadata:
              labels:
                app: db
            spec:
              containers:
              - name: app
                image: kdash.dev/demo:1
                args: [log]
                volumeMounts:
                - name: data
                  mountPath: /data
          volumeClaimTemplates:
          - metadata:
              name: data
            spec:
              accessModes: [ReadWriteOnce]
              resources:
                requests:
                  storage: 1Gi
        """

    private static let daemonSet = """
        apiVersion: apps/v1
        kind: DaemonSet
        metadata:
          name: agent
        spec:
          selector:
            matchLabels:
              app: agent
          template:
            metadata:
              labels:
                app: agent
            spec:
              containers:
              - name: app
                image: kdash.dev/demo:1
                args: [log]
        """

    private static let job = """
        apiVersion: batch/v1
        kind: Job
        metadata:
          name: once
        spec:
          backoffLimit: 3
          template:
            spec:
              restartPolicy: Never
              containers:
              - name: app
                image: kdash.dev/demo:1
                args: [log]
        """

    private static let cronJob = """
        apiVersion: batch/v1
        kind: CronJob
        metadata:
          name: nightly
        spec:
          schedule: "0 3 * * *"
          jobTemplate:
            spec:
              template:
                spec:
                  restartPolicy: OnFailure
                  containers:
                  - name: app
                    image: kdash.dev/demo:1
                    args: [log]
        """

    private static let service = """
        apiVersion: v1
        kind: Service
        metadata:
          name: web
        spec:
          selector:
            app: web
          ports:
          - name: http
            port: 80
            targetPort: 8080
        """

    private static let ingress = """
        apiVersion: networking.k8s.io/v1
        kind: Ingress
        metadata:
          name: web
        spec:
          rules:
          - host: web.example.com
            http:
              paths:
              - path: /
                pathType: Prefix
                backend:
                  service:
                    name: web
                    port:
                      number: 80
        """

    private static let configMap = """
        apiVersion: v1
        kind: ConfigMap
        metadata:
          name: settings
        data:
          level: info
        """
}
