package import APIMachinery
package import KubeClient
package import LinuxKernel
package import Logging

/// All controllers of the cluster, on one set of caches.
package final class ControllerManager: Sendable {
    /// What the controllers need to know.
    package struct Configuration: Sendable {
        /// The served kinds.
        package var schemas: SchemaRegistry
        /// The certificates that sign for the cluster, in PEM.
        package var certificateAuthority: String
        /// Has an approved request signed by the cluster's authority; by default nobody signs.
        package var sign: @Sendable (SigningRequest) -> SigningAnswer = { _ in .none }
        /// Where the local provisioner keeps its volumes; by default nowhere.
        package var storage: VolumeStorage = .none

        /// A configuration from its parts.
        package init(schemas: SchemaRegistry, certificateAuthority: String) {
            self.schemas = schemas
            self.certificateAuthority = certificateAuthority
        }
    }

    private let runners: [ControllerRunner]
    private let customs: CustomInformers
    private let autoscaling: Autoscaling

    /// The table of controllers.
    package static func controllers(_ configuration: Configuration) -> [any Controller] {
        [
            ReplicaSetController(),
            ReplicaSetController.ofReplicationControllers,
            DeploymentController(),
            StatefulSetController(),
            DaemonSetController(),
            JobController(),
            JobPodReleaser(),
            CronJobController(),
            DisruptionController(configuration.schemas),
            NamespaceController(configuration.schemas),
            ServiceAccountController(),
            RootCAPublisher(authority: configuration.certificateAuthority),
            ClusterRoleAggregator(),
            TokenSecretCollector(),
            CertificateSigner(sign: configuration.sign),
            ResourceQuotaController(configuration.schemas),
            NodePressureTaints(),
            TaintEviction(),
            ClaimProtection(),
            VolumeProtection(),
            AttributesClassProtection(),
            VolumeBinder(),
            ClaimExpansion(),
            EphemeralClaims(),
            EndpointsController(),
            EndpointSliceController(),
            EndpointSliceMirroringController(),
            GarbageCollector(configuration.schemas),
            PodCollector(),
            FinishedJobCollector(),
        ]
    }

    /// Makes the controllers. `client` gives each the client of its own identity. Make it before the informers run.
    package init(
        _ configuration: Configuration, informers: SharedInformers, client: (_ identity: UserInfo) -> KubeClient, time: any TimeSource,
        logger: Logger
    ) {
        let controllers = Self.controllers(configuration)
        customs = CustomInformers(
            client: client(.controller("generic-garbage-collector")), definitions: informers.informer(CustomResourceKind.definitions), time: time)
        autoscaling = Autoscaling(configuration.schemas, informers: informers, customs: customs, client: client, time: time, logger: logger)
        let caches = InformerCaches(informers, resources: controllers.flatMap(\.watched), customs: customs)
        runners = controllers.map { controller in
            ControllerRunner(controller, caches: caches, client: client(controller.identity), storage: configuration.storage, time: time, logger: logger)
        }
    }

    /// Runs all controllers until the task is cancelled. The informers are run by whoever made them.
    package func run() async {
        await withDiscardingTaskGroup { group in
            group.addTask { await self.customs.run() }
            group.addTask { await self.autoscaling.run() }
            for runner in runners { group.addTask { await runner.run() } }
        }
    }
}
