internal import APIMachinery
internal import JSONCore

/// The addresses that a load balancer has told of a Service or an Ingress.
/// Source: `pkg/apis/core/validation/validation.go` ValidateLoadBalancerStatus, `pkg/apis/networking/validation/validation.go`
/// ValidateIngressLoadBalancerStatus.
enum LoadBalancerStatus {
    /// What is wrong with them.
    static func errors(_ object: KubeObject) -> [FieldError] {
        object.array("status", "loadBalancer", "ingress").enumerated().flatMap { index, entry -> [FieldError] in
            let field = "status.loadBalancer.ingress[\(index)]"
            var errors: [FieldError] = []
            if let address = entry["ip"]?.stringValue, !address.isEmpty {
                errors += ValueValidation.address(address).map { .invalid("\(field).ip", .string(address), $0) }
            }
            if let name = entry["hostname"]?.stringValue, !name.isEmpty {
                errors += NameValidation.dnsSubdomain(name).map { .invalid("\(field).hostname", .string(name), $0) }
                if ValueValidation.address(name).isEmpty {
                    errors.append(.invalid("\(field).hostname", .string(name), "must be a DNS name, not an IP address"))
                }
            }
            return errors
        }
    }

    /// What is wrong with those of a service, which gets them only while its type is LoadBalancer; those of an earlier type may stay.
    static func serviceErrors(_ service: KubeObject, old: KubeObject) -> [FieldError] {
        let field = "status.loadBalancer.ingress"
        let isBalanced = service.string("spec", "type") == "LoadBalancer"
        let addresses = service.array("status", "loadBalancer", "ingress")
        guard isBalanced || addresses.isEmpty || addresses == old.array("status", "loadBalancer", "ingress") else {
            return [.forbidden(field, "may only be used when `spec.type` is 'LoadBalancer'")]
        }
        let modes = addresses.enumerated().compactMap { index, entry -> FieldError? in
            guard let mode = entry["ipMode"]?.stringValue, (entry["ip"]?.stringValue ?? "").isEmpty, !mode.isEmpty else { return nil }
            return .forbidden("\(field)[\(index)].ipMode", "may not be specified when `ip` is not set")
        }
        return errors(service) + modes
    }

    /// Tells of each address of a service how it is reached, where nobody did. Source: `pkg/apis/core/v1/defaults.go` SetDefaults_Service.
    static func complete(_ service: inout KubeObject) {
        guard service.string("spec", "type") == "LoadBalancer" else { return }
        let entries = service.array("status", "loadBalancer", "ingress")
        guard !entries.isEmpty else { return }
        service["status", "loadBalancer", "ingress"] = .array(
            entries.map { entry in
                var entry = entry
                if entry["ipMode"] == nil, !(entry["ip"]?.stringValue ?? "").isEmpty { entry["ipMode"] = "VIP" }
                return entry
            })
    }
}
