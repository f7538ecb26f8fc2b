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

        /// A configuration from its parts.
        package init(schemas: SchemaRegistry, certificateAuthority: String) {
            self.schemas = schemas
            self.certificateAuthority = certificateAuthority
        }
    }

    private let runners: [ControllerRunner]

    /// The table of controllers.
    package static func controllers(_ configuration: Configuration) -> [any Controller] {
        [
            ReplicaSetController(),
            DeploymentController(),
            JobController(),
            NamespaceController(configuration.schemas),
            ServiceAccountController(),
            RootCAPublisher(authority: configuration.certificateAuthority),
            EndpointsController(),
            EndpointSliceController(),
            GarbageCollector(configuration.schemas),
            PodCollector(),
            FinishedJobCollector(),
        ]
    }

    /// Makes the controllers. `client` gives each the client of its own identity, by its name. Make it before the informers run.
    package init(
        _ configuration: Configuration, informers: SharedInformers, client: (_ controller: String) -> KubeClient, time: any TimeSource,
        logger: Logger
    ) {
        let controllers = Self.controllers(configuration)
        let caches = InformerCaches(informers, resources: controllers.flatMap(\.watched))
        runners = controllers.map { controller in
            ControllerRunner(controller, caches: caches, client: client(controller.name), time: time, logger: logger)
        }
    }

    /// Runs all controllers until the task is cancelled. The informers are run by whoever made them.
    package func run() async {
        await withDiscardingTaskGroup { group in
            for runner in runners { group.addTask { await runner.run() } }
        }
    }
}
