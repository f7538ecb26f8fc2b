package import APIMachinery
package import JSONCore
package import LinuxKernel

/// The columns and cells that `kubectl get` shows, for the server's Table output and for kdash's own panes.
package enum TablePrinter {
    /// The columns of a kind; those with priority 1 belong to `-o wide`.
    package static func columns(for descriptor: ResourceDescriptor) -> [TableColumn] { layout(descriptor.groupKind).columns }

    /// One object's cells, in the order of the columns.
    package static func cells(_ object: KubeObject, descriptor: ResourceDescriptor, now: Timestamp) -> [JSONValue] {
        layout(descriptor.groupKind).cells(object, now)
    }

    static func layout(_ kind: GroupKind) -> TableLayout { layouts[kind] ?? .aged }

    private static let layouts: [GroupKind: TableLayout] = {
        var layouts: [GroupKind: TableLayout] = [:]
        for (name, layout) in rows {
            let parts = name.split(separator: ".", maxSplits: 1).map(String.init)
            layouts[GroupKind(group: parts.count == 2 ? parts[1] : "", kind: parts[0])] = layout
        }
        return layouts
    }()

    /// One row for each kind whose columns are more than its name and age, by `Kind.group`.
    private static let rows: [String: TableLayout] = [
        "Pod": .pod,
        "PodTemplate": .podTemplate,
        "Namespace": .namespace,
        "Node": .node,
        "Service": .service,
        "Endpoints": .endpoints,
        "ConfigMap": .configMap,
        "Secret": .secret,
        "Event": .event,
        "LimitRange": .dated,
        "ResourceQuota": .resourceQuota,
        "PersistentVolume": .persistentVolume,
        "PersistentVolumeClaim": .persistentVolumeClaim,
        "ReplicationController": .replicationController,
        "ComponentStatus": .componentStatus,
        "Event.events.k8s.io": .event,
        "Deployment.apps": .deployment,
        "ReplicaSet.apps": .replicaSet,
        "StatefulSet.apps": .statefulSet,
        "DaemonSet.apps": .daemonSet,
        "ControllerRevision.apps": .controllerRevision,
        "Job.batch": .job,
        "CronJob.batch": .cronJob,
        "HorizontalPodAutoscaler.autoscaling": .autoscaler,
        "PodDisruptionBudget.policy": .disruptionBudget,
        "Lease.coordination.k8s.io": .lease,
        "EndpointSlice.discovery.k8s.io": .endpointSlice,
        "Ingress.networking.k8s.io": .ingress,
        "IngressClass.networking.k8s.io": .ingressClass,
        "NetworkPolicy.networking.k8s.io": .networkPolicy,
        "ServiceCIDR.networking.k8s.io": .serviceRange,
        "IPAddress.networking.k8s.io": .address,
        "Role.rbac.authorization.k8s.io": .dated,
        "ClusterRole.rbac.authorization.k8s.io": .dated,
        "RoleBinding.rbac.authorization.k8s.io": .roleBinding,
        "ClusterRoleBinding.rbac.authorization.k8s.io": .roleBinding,
        "StorageClass.storage.k8s.io": .storageClass,
        "VolumeAttributesClass.storage.k8s.io": .volumeAttributesClass,
        "VolumeAttachment.storage.k8s.io": .volumeAttachment,
        "CSIDriver.storage.k8s.io": .csiDriver,
        "CSINode.storage.k8s.io": .csiNode,
        "CSIStorageCapacity.storage.k8s.io": .csiStorageCapacity,
        "PriorityClass.scheduling.k8s.io": .priorityClass,
        "RuntimeClass.node.k8s.io": .runtimeClass,
        "CertificateSigningRequest.certificates.k8s.io": .signingRequest,
        "MutatingWebhookConfiguration.admissionregistration.k8s.io": .webhooks,
        "ValidatingWebhookConfiguration.admissionregistration.k8s.io": .webhooks,
        "MutatingAdmissionPolicy.admissionregistration.k8s.io": .mutatingPolicy,
        "ValidatingAdmissionPolicy.admissionregistration.k8s.io": .validatingPolicy,
        "MutatingAdmissionPolicyBinding.admissionregistration.k8s.io": .policyBinding,
        "ValidatingAdmissionPolicyBinding.admissionregistration.k8s.io": .policyBinding,
        "FlowSchema.flowcontrol.apiserver.k8s.io": .flowSchema,
        "PriorityLevelConfiguration.flowcontrol.apiserver.k8s.io": .priorityLevel,
        "APIService.apiregistration.k8s.io": .apiService,
        "CustomResourceDefinition.apiextensions.k8s.io": .dated,
        "ResourceClaim.resource.k8s.io": .resourceClaim,
        "ResourceSlice.resource.k8s.io": .resourceSlice,
    ]
}
