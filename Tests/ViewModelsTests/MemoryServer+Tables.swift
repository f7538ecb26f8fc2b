import APIMachinery
import JSONCore
import KubeClient
import KubeSchemas

/// What the server in memory says of its kinds, and its tables: the name, a phase where there is one, the age.
extension MemoryServer {
    /// The aggregated discovery of `/api` or `/apis`: the built-in kinds.
    static func discovery(_ path: String) -> APIResponse {
        let resources = builtinSchemas.resources.filter { ($0.group.isEmpty) == (path == "/api") }
        var groups: [JSONValue] = []
        for group in Set(resources.map(\.group)).sorted() {
            var versions: [JSONValue] = []
            for version in Set(resources.filter { $0.group == group }.map(\.version)).sorted() {
                let kinds = resources.filter { $0.group == group && $0.version == version }.map { kind -> JSONValue in
                    [
                        "resource": .string(kind.plural), "singularResource": .string(kind.singular), "responseKind": ["kind": .string(kind.kind)],
                        "scope": kind.isNamespaced ? "Namespaced" : "Cluster", "shortNames": .array(kind.shortNames.map { .string($0) }),
                        "verbs": .array(kind.verbs.sorted().map { .string($0) }),
                    ]
                }
                versions.append(["version": .string(version), "resources": .array(kinds)])
            }
            groups.append(["metadata": ["name": .string(group)], "versions": .array(versions)])
        }
        return .json(["kind": "APIGroupDiscoveryList", "items": .array(groups)])
    }

    private static let columns: JSONValue = [
        ["name": "Name", "type": "string", "priority": 0], ["name": "Status", "type": "string", "priority": 0],
        ["name": "Age", "type": "string", "priority": 0],
    ]

    /// A table of objects.
    static func table(_ objects: [JSONValue], revision: String) -> JSONValue {
        let rows = objects.map { object -> JSONValue in
            [
                "cells": [object["metadata", "name"] ?? "", object["status", "phase"] ?? "", "1d"],
                // Of nodes whole objects are asked for: what they can give is in them.
                "object": object["kind"] == "Node" ? object : ["kind": "PartialObjectMetadata", "metadata": object["metadata"] ?? [:]],
            ]
        }
        return [
            "kind": "Table", "apiVersion": "meta.k8s.io/v1", "metadata": ["resourceVersion": .string(revision)], "columnDefinitions": columns,
            "rows": .array(rows),
        ]
    }
}
