import JSONCore

@testable import APIMachinery

/// A small set of kinds that shows every fact of the schema format.
enum TestSchemas {
    static let meta = """
        group meta/v1
        object v1 Status
        object v1 DeleteOptions
        type ObjectMeta                         Name, labels and the like.
          name                        1 string                        The name.
          generateName                2 string
          namespace                   3 string
          uid                         5 string
          resourceVersion             6 string
          generation                  7 int64
          creationTimestamp           8 time
          deletionTimestamp           9 time
          deletionGracePeriodSeconds  10 int64 pointer
          labels                      11 {string}
          annotations                 12 {string}
          ownerReferences             13 [OwnerReference] map(uid) merge(uid)
          finalizers                  14 [string] set merge
          managedFields               17 [ManagedFieldsEntry] atomic
        type ListMeta
          resourceVersion     2 string
          continue            3 string
          remainingItemCount  4 int64 pointer
        type OwnerReference atomic
          kind                1 string required
          name                3 string required
          uid                 4 string required
          apiVersion          5 string required
          controller          6 bool pointer
          blockOwnerDeletion  7 bool pointer
        type ManagedFieldsEntry
          manager     1 string
          operation   2 string
          apiVersion  3 string
          time        4 time
          fieldsType  6 string
          fieldsV1    7 fieldsV1
        type LabelSelector atomic               A condition on labels.
          matchLabels       1 {string}
          matchExpressions  2 [LabelSelectorRequirement]
        type LabelSelectorRequirement
          key       1 string required
          operator  2 string required enum(In, NotIn, Exists, DoesNotExist)
          values    3 [string]
        type Status
          metadata  1 ListMeta
          status    2 string
          message   3 string
          reason    4 string
          code      6 int32
        type DeleteOptions
          gracePeriodSeconds  1 int64 pointer
          preconditions       2 Preconditions
          propagationPolicy   4 string pointer
          dryRun              5 [string]
        type Preconditions
          uid              1 string pointer
          resourceVersion  2 string pointer
        """

    static let core = """
        # The core group.
        group v1 priority(18000)
        kind v1 Pod pods po namespaced categories(all) subresources(status, log(get), exec:PodExecOptions(create get), eviction:policy/v1.Eviction(create)) selectable(spec.nodeName, status.phase)
        kind v1 Namespace namespaces ns cluster verbs(create delete get list patch update watch) subresources(status)
        kind v1 Binding bindings namespaced verbs(create)
        kind v1 Secret secrets namespaced
        object v1 PodExecOptions
        type Pod                                One or more containers that share a network address and are
                                                | placed on a node together.
          metadata  1 ObjectMeta
          spec      2 PodSpec required
          status    3 PodStatus
        type PodSpec
          volumes                        1 [Volume] map(name) merge(name) retainKeys unique
          containers                     2 [Container] required map(name) merge(name) unique   The processes to run.
          restartPolicy                  3 string = Always enum(Always, OnFailure, Never)   When to start a container again.
          terminationGracePeriodSeconds  4 int64 = 30 min(0)
          nodeSelector                   7 {string} atomic format(labels)
          serviceAccountName             8 string
          serviceAccount                 9 string = @serviceAccountName deprecated
          nodeName                       10 string
          hostNetwork                    11 bool
          securityContext                14 PodSecurityContext = {}
          imagePullSecrets               15 [LocalObjectReference] map(name) merge(name)
          enableServiceLinks             30 bool = true
          overhead                       32 {quantity}
          priority                       25 int32 pointer
          schedulerName                  19 string = default-scheduler
        type PodSecurityContext
          runAsUser     2 int64 pointer
          runAsNonRoot  3 bool pointer
          supplementalGroups  4 [int64]
        type Container
          name             1 string required format(dnsLabel)
          image            2 string
          command          3 [string]
          args             4 [string]
          ports            6 [ContainerPort] map(containerPort, protocol) merge(containerPort)
          env              7 [EnvVar] map(name) merge(name)
          resources        8 ResourceRequirements
          volumeMounts     9 [VolumeMount] map(mountPath) merge(mountPath)
          readinessProbe   11 Probe
          imagePullPolicy  14 string enum(Always, IfNotPresent, Never)
          stdin            16 bool
        type ContainerPort
          name           1 string format(portName)
          hostPort       2 int32 min(0) max(65535)
          containerPort  3 int32 required format(portNumber)
          protocol       4 string = TCP enum(TCP, UDP, SCTP)
        type EnvVar
          name       1 string required format(envVarName)
          value      2 string
          valueFrom  3 EnvVarSource
        type EnvVarSource
          secretKeyRef  4 SecretKeySelector
        type SecretKeySelector
          name      1.1 string
          key       2 string required
          optional  3 bool pointer
        type LocalObjectReference
          name  1 string
        type ResourceRequirements
          limits    1 {quantity}
          requests  2 {quantity}
        type VolumeMount
          name       1 string required
          readOnly   2 bool
          mountPath  3 string required
        type Volume
          name      1 string required format(dnsLabel)
          hostPath  2.1 HostPathVolumeSource
          emptyDir  2.2 EmptyDirVolumeSource
        type HostPathVolumeSource
          path  1 string required
          type  2 string = "" pointer
        type EmptyDirVolumeSource
          medium     1 string
          sizeLimit  2 quantity
        type Probe
          httpGet           1.2 HTTPGetAction
          timeoutSeconds    3 int32 = 1 omitzero min(1)
          periodSeconds     4 int32 = 10 omitzero min(1)
        type HTTPGetAction
          path    1 string = /
          port    2 intOrString required format(portNumber)
          scheme  4 string = HTTP
        type PodStatus
          phase      1 string
          startTime  7 time
        type PodExecOptions
          stdin    1 bool
          command  6 [string]
        type Namespace
          metadata  1 ObjectMeta
          spec      2 NamespaceSpec
          status    3 NamespaceStatus
        type NamespaceSpec
          finalizers  1 [string]
        type NamespaceStatus
          phase  1 string
        type Binding
          metadata  1 ObjectMeta
          target    2 ObjectReference required
        type ObjectReference atomic
          kind  1 string
          name  3 string
        type Secret
          metadata    1 ObjectMeta
          data        2 {bytes} secret
          type        3 string = Opaque immutable
          stringData  4 {string} secret
          immutable   5 bool pointer
        type PodTemplateSpec
          metadata  1 ObjectMeta
          spec      2 PodSpec
        """

    static let apps = """
        group apps/v1 priority(17800)
        kind apps/v1 Deployment deployments deploy namespaced categories(all) subresources(status, scale)
        type Deployment
          metadata  1 ObjectMeta
          spec      2 DeploymentSpec required
          status    3 DeploymentStatus
        type DeploymentSpec
          replicas  1 int32 = 1 min(0)                   How many pods are wanted.
          selector  2 LabelSelector required immutable   Which pods belong to it; cannot change afterwards.
          template  3 PodTemplateSpec required           What each pod is made from.
          strategy  4 DeploymentStrategy = {} retainKeys
          paused    7 bool
          raw       90 rawObject
          heartbeat 91 microTime
          extra     92 {[string]} wrapped
          weight    93 double
        type DeploymentStrategy
          type           1 string = RollingUpdate enum(Recreate, RollingUpdate)
          rollingUpdate  2 RollingUpdateDeployment = {} when(type=RollingUpdate)
        type RollingUpdateDeployment
          maxUnavailable  1 intOrString = 25%
          maxSurge        2 intOrString = 25%
        type DeploymentStatus
          observedGeneration  1 int64
          replicas            2 int32
        """

    static let autoscaling = """
        group autoscaling/v1
        object autoscaling/v1 Scale
        type Scale
          metadata  1 ObjectMeta
          spec      2 ScaleSpec
        type ScaleSpec
          replicas  1 int32
        """

    static let all = [
        SchemaFile(name: "meta.schema", text: meta), SchemaFile(name: "core.schema", text: core),
        SchemaFile(name: "apps.schema", text: apps), SchemaFile(name: "autoscaling.schema", text: autoscaling),
    ]

    static let registry: SchemaRegistry = {
        do throws(SchemaError) { return try SchemaRegistry(schemas: all) } catch { fatalError("test schemas: \(error)") }
    }()

    static func type(_ name: String) -> TypeSchema {
        guard let type = registry.type(name) else { fatalError("test schemas have no type \(name)") }
        return type
    }

    static let pod = type("core.v1.Pod")
    static let deployment = type("apps.v1.Deployment")
}

/// Parses JSON written in a test.
func json(_ text: String) throws -> JSONValue { try JSON.parse(text) }
