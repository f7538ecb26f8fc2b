import APIMachinery
import JSONCore
import LinuxKernel
import Testing

@testable import KubeSchemas

/// The columns of every kind, and the cells of those that show more than fields as they are.
@Suite struct TableColumnsTests {
    private let now = Timestamp(seconds: 1_767_225_600)

    /// `+` marks columns for `-o wide`.
    private static let columns: [(kind: String, columns: String)] = [
        ("PodTemplate", "Name,Containers,Images,Pod Labels"),
        ("PodDisruptionBudget.policy", "Name,Min Available,Max Unavailable,Allowed Disruptions,Age"),
        ("ReplicationController", "Name,Desired,Current,Ready,Age,+Containers,+Images,+Selector"),
        (
            "DaemonSet.apps",
            "Name,Desired,Current,Ready,Up-to-date,Available,Node Selector,Age,+Containers,+Images,+Selector"
        ),
        ("CronJob.batch", "Name,Schedule,Timezone,Suspend,Active,Last Schedule,Age,+Containers,+Images,+Selector"),
        ("Ingress.networking.k8s.io", "Name,Class,Hosts,Address,Ports,Age"),
        ("IngressClass.networking.k8s.io", "Name,Controller,Parameters,Age"),
        ("StatefulSet.apps", "Name,Ready,Age,+Containers,+Images"),
        ("ServiceAccount", "Name,Age"),
        ("LimitRange", "Name,Created At"),
        (
            "PersistentVolume",
            "Name,Capacity,Access Modes,Reclaim Policy,Status,Claim,StorageClass,VolumeAttributesClass,Reason,Age,+VolumeMode"
        ),
        (
            "PersistentVolumeClaim",
            "Name,Status,Volume,Capacity,Access Modes,StorageClass,VolumeAttributesClass,Age,+VolumeMode"
        ),
        ("ComponentStatus", "Name,Status,Message,Error"),
        ("HorizontalPodAutoscaler.autoscaling", "Name,Reference,Targets,MinPods,MaxPods,Replicas,Age"),
        ("NetworkPolicy.networking.k8s.io", "Name,Pod-Selector,Age"),
        ("CertificateSigningRequest.certificates.k8s.io", "Name,Age,SignerName,Requestor,RequestedDuration,Condition"),
        ("StorageClass.storage.k8s.io", "Name,Provisioner,ReclaimPolicy,VolumeBindingMode,AllowVolumeExpansion,Age"),
        ("VolumeAttributesClass.storage.k8s.io", "Name,DriverName,Age"),
        ("ControllerRevision.apps", "Name,Controller,Revision,Age"),
        ("ResourceQuota", "Name,Request,Limit,Age"),
        ("PriorityClass.scheduling.k8s.io", "Name,Value,Global-Default,Age,PreemptionPolicy"),
        ("RuntimeClass.node.k8s.io", "Name,Handler,Age"),
        ("VolumeAttachment.storage.k8s.io", "Name,Attacher,PV,Node,Attached,Age"),
        ("CSINode.storage.k8s.io", "Name,Drivers,Age"),
        (
            "CSIDriver.storage.k8s.io",
            "Name,AttachRequired,PodInfoOnMount,StorageCapacity,TokenRequests,RequiresRepublish,Modes,Age"
        ),
        ("CSIStorageCapacity.storage.k8s.io", "Name,StorageClassName,Capacity"),
        ("MutatingWebhookConfiguration.admissionregistration.k8s.io", "Name,Webhooks,Age"),
        ("ValidatingWebhookConfiguration.admissionregistration.k8s.io", "Name,Webhooks,Age"),
        ("ValidatingAdmissionPolicy.admissionregistration.k8s.io", "Name,Validations,ParamKind,Age"),
        ("ValidatingAdmissionPolicyBinding.admissionregistration.k8s.io", "Name,PolicyName,ParamRef,Age"),
        ("MutatingAdmissionPolicy.admissionregistration.k8s.io", "Name,Mutations,ParamKind,Age"),
        ("MutatingAdmissionPolicyBinding.admissionregistration.k8s.io", "Name,PolicyName,ParamRef,Age"),
        ("FlowSchema.flowcontrol.apiserver.k8s.io", "Name,PriorityLevel,MatchingPrecedence,DistinguisherMethod,Age,MissingPL"),
        (
            "PriorityLevelConfiguration.flowcontrol.apiserver.k8s.io",
            "Name,Type,NominalConcurrencyShares,Queues,HandSize,QueueLengthLimit,Age"
        ),
        ("DeviceClass.resource.k8s.io", "Name,Age"),
        ("ResourceClaim.resource.k8s.io", "Name,State,Age"),
        ("ResourceClaimTemplate.resource.k8s.io", "Name,Age"),
        ("ResourceSlice.resource.k8s.io", "Name,Node,Driver,Pool,Age"),
        ("ServiceCIDR.networking.k8s.io", "Name,CIDRs,Age"),
        ("IPAddress.networking.k8s.io", "Name,ParentRef"),
        ("CustomResourceDefinition.apiextensions.k8s.io", "Name,Created At"),
        ("APIService.apiregistration.k8s.io", "Name,Service,Available,Age"),
    ]

    @Test(arguments: columns)
    func `a kind has its columns`(kind: String, columns: String) throws {
        let found = TablePrinter.columns(for: try descriptor(kind))
        #expect(found.map { "\($0.priority > 0 ? "+" : "")\($0.name)" }.joined(separator: ",") == columns)
    }

    @Test func `every column says what it shows`() {
        for descriptor in builtinSchemas.resources {
            for column in TablePrinter.columns(for: descriptor) { #expect(!column.description.isEmpty, "\(descriptor.kind) \(column.name)") }
        }
    }

    private func descriptor(_ kind: String) throws -> ResourceDescriptor {
        try #require(builtinSchemas.resources.first { $0.groupKind.description == kind })
    }

    private static let cells: [(kind: String, json: String, cells: String)] = [
        (
            "StatefulSet.apps",
            #"{"metadata":{"name":"db"},"spec":{"replicas":3,"template":{"spec":{"containers":[{"name":"a","image":"i"}]}}},"status":{"readyReplicas":2}}"#,
            "db|2/3|<unknown>|a|i"
        ),
        (
            "DaemonSet.apps",
            #"{"metadata":{"name":"d"},"spec":{"selector":{"matchLabels":{"a":"b"}},"template":{"spec":{"nodeSelector":{"x":"y"},"containers":[]}}},"status":{"desiredNumberScheduled":2,"currentNumberScheduled":1,"numberReady":1}}"#,
            "d|2|1|1|0|0|x=y|<unknown>|||a=b"
        ),
        (
            "CronJob.batch",
            #"{"metadata":{"name":"c"},"spec":{"schedule":"* * * * *","suspend":false},"status":{"active":[{}],"lastScheduleTime":"2025-12-31T23:59:00Z"}}"#,
            "c|* * * * *|<none>|False|1|60s|<unknown>|||<none>"
        ),
        ("PodDisruptionBudget.policy", #"{"metadata":{"name":"p"},"spec":{"minAvailable":"50%"}}"#, "p|50%|N/A|0|<unknown>"),
        (
            "Ingress.networking.k8s.io",
            #"{"metadata":{"name":"i"},"spec":{"tls":[{}],"rules":[{"host":"a"},{"host":"b"},{"host":"c"},{"host":"d"}]},"status":{"loadBalancer":{"ingress":[{"ip":"1.2.3.4"},{"hostname":"h"}]}}}"#,
            "i|<none>|a,b,c + 1 more...|1.2.3.4,h|80, 443|<unknown>"
        ),
        ("Ingress.networking.k8s.io", #"{"metadata":{"name":"i"},"spec":{"ingressClassName":"n"}}"#, "i|n|*||80|<unknown>"),
        (
            "PersistentVolume",
            #"{"metadata":{"name":"v"},"spec":{"capacity":{"storage":"1Gi"},"accessModes":["ReadWriteMany","ReadWriteOnce"],"persistentVolumeReclaimPolicy":"Retain","claimRef":{"namespace":"n","name":"c"}},"status":{"phase":"Bound"}}"#,
            "v|1Gi|RWO,RWX|Retain|Bound|n/c||<unset>||<unknown>|<unset>"
        ),
        (
            "PersistentVolumeClaim",
            #"{"metadata":{"name":"c","deletionTimestamp":"2025-12-31T23:59:00Z"},"spec":{"volumeName":"v","storageClassName":"s","volumeMode":"Block"},"status":{"phase":"Bound","capacity":{"storage":"2Gi"},"accessModes":["ReadWriteOnce"]}}"#,
            "c|Terminating|v|2Gi|RWO|s|<unset>|<unknown>|Block"
        ),
        (
            "HorizontalPodAutoscaler.autoscaling",
            #"{"metadata":{"name":"h"},"spec":{"scaleTargetRef":{"kind":"Deployment","name":"web"},"maxReplicas":5,"metrics":[{"type":"Resource","resource":{"name":"cpu","target":{"type":"Utilization","averageUtilization":80}}},{"type":"External","external":{"metric":{"name":"q"},"target":{"type":"AverageValue","averageValue":"30"}}},{"type":"Pods"}]},"status":{"currentReplicas":2,"currentMetrics":[{"type":"Resource","resource":{"name":"cpu","current":{"averageUtilization":41}}}]}}"#,
            "h|Deployment/web|cpu: 41%/80%, <unknown>/30 (avg) + 1 more...|<unset>|5|2|<unknown>"
        ),
        (
            "StorageClass.storage.k8s.io",
            #"{"metadata":{"name":"s","annotations":{"storageclass.kubernetes.io/is-default-class":"true"}},"provisioner":"p","volumeBindingMode":"Immediate"}"#,
            "s (default)|p|Delete|Immediate|false|<unknown>"
        ),
        (
            "ResourceQuota",
            #"{"metadata":{"name":"q"},"status":{"hard":{"pods":"5","limits.cpu":"2","requests.cpu":"1"},"used":{"pods":"1","limits.cpu":"500m"}}}"#,
            "q|pods: 1/5, requests.cpu: 0/1|limits.cpu: 500m/2|<unknown>"
        ),
        (
            "CertificateSigningRequest.certificates.k8s.io",
            #"{"metadata":{"name":"r"},"spec":{"signerName":"s","username":"u","expirationSeconds":3600},"status":{"conditions":[{"type":"Approved"}],"certificate":"eA=="}}"#,
            "r|<unknown>|s|u|60m|Approved,Issued"
        ),
        (
            "ControllerRevision.apps",
            #"{"metadata":{"name":"r","ownerReferences":[{"apiVersion":"apps/v1","kind":"DaemonSet","name":"d","uid":"1","controller":true}]},"revision":4}"#,
            "r|daemonset.apps/d|4|<unknown>"
        ),
        (
            "ResourceClaim.resource.k8s.io", #"{"metadata":{"name":"c"},"status":{"allocation":{},"reservedFor":[{}]}}"#,
            "c|allocated,reserved|<unknown>"
        ),
        (
            "IPAddress.networking.k8s.io",
            #"{"metadata":{"name":"10.0.0.1"},"spec":{"parentRef":{"resource":"services","namespace":"n","name":"s"}}}"#,
            "10.0.0.1|services/n/s"
        ),
        (
            "APIService.apiregistration.k8s.io",
            #"{"metadata":{"name":"v1.apps"},"status":{"conditions":[{"type":"Available","status":"True","reason":"Local"}]}}"#,
            "v1.apps|Local|True|<unknown>"
        ),
        (
            "PriorityLevelConfiguration.flowcontrol.apiserver.k8s.io",
            #"{"metadata":{"name":"l"},"spec":{"type":"Limited","limited":{"nominalConcurrencyShares":30,"limitResponse":{"type":"Queue","queuing":{"queues":64,"handSize":6,"queueLengthLimit":50}}}}}"#,
            "l|Limited|30|64|6|50|<unknown>"
        ),
    ]

    @Test(arguments: cells)
    func `an object shows its cells`(kind: String, json: String, cells: String) throws {
        let object = KubeObject(try JSON.parse(Array(json.utf8)))
        let found = TablePrinter.cells(object, descriptor: try descriptor(kind), now: now)
        let texts = found.map { $0.stringValue ?? String(decoding: JSON.encode($0), as: UTF8.self) }
        #expect(texts.joined(separator: "|") == cells)
    }
}
