import APIMachinery
import JSONCore
import LinuxKernel

extension TableLayout {
    static let ingress = TableLayout("Name", "Class", "Hosts", "Address", "Ports", "Age") { object, now in
        let hosts = object.array("spec", "rules").compactMap { $0["host"]?.stringValue }.filter { !$0.isEmpty }
        let shown = hosts.prefix(3).joined(separator: ",")
        let addresses = object.array("status", "loadBalancer", "ingress").compactMap { $0["ip"]?.stringValue ?? $0["hostname"]?.stringValue }
        return [
            .string(object.name), .orNone(object.string("spec", "ingressClassName") ?? ""),
            .string(hosts.isEmpty ? "*" : hosts.count > 3 ? "\(shown) + \(hosts.count - 3) more..." : shown),
            .string(addresses.joined(separator: ",")), .string(object.array("spec", "tls").isEmpty ? "80" : "80, 443"), .age(object, now),
        ]
    }

    static let ingressClass = TableLayout("Name", "Controller", "Parameters", "Age") { object, now in
        let parameters = object["spec", "parameters"].map { reference -> String in
            let group = reference["apiGroup"]?.stringValue ?? ""
            return "\(reference["kind"]?.stringValue ?? "")\(group.isEmpty ? "" : ".\(group)")/\(reference["name"]?.stringValue ?? "")"
        }
        return [.string(object.name), .text(object.string("spec", "controller")), .orNone(parameters ?? ""), .age(object, now)]
    }

    static let networkPolicy = TableLayout("Name", "Pod-Selector", "Age") { object, now in
        [.string(object.name), .string(SelectorText.selector(object["spec", "podSelector"])), .age(object, now)]
    }

    static let serviceRange = TableLayout("Name", "CIDRs", "Age") { object, now in
        let ranges = object.array("spec", "cidrs").compactMap(\.stringValue)
        return [.string(object.name), .string(ranges.joined(separator: ",")), .age(object, now)]
    }

    static let address = TableLayout("Name", "ParentRef") { object, _ in
        let parent = object["spec", "parentRef"].map { reference -> String in
            let group = reference["group"]?.stringValue ?? ""
            let resource = "\(reference["resource"]?.stringValue ?? "")\(group.isEmpty ? "" : ".\(group)")"
            return "\(resource)/\(reference["namespace"]?.stringValue ?? "")/\(reference["name"]?.stringValue ?? "")"
        }
        return [.string(object.name), .orNone(parent ?? "")]
    }
}
