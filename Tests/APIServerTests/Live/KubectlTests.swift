import APIMachinery
import JSONCore
import KubeClient
import LinuxKernel
import ObjectStore
import Testing

@testable import APIServer

@Suite(.serialized, .enabled(if: !Kubectl.programs.isEmpty, "needs kubectl 1.32 or newer: install it or set KDASH_KUBECTL"))
struct KubectlTests {
    private static let manifest = """
        apiVersion: apps/v1
        kind: Deployment
        metadata: {name: web, labels: {app: web}}
        spec:
          replicas: 2
          selector: {matchLabels: {app: web}}
          template:
            metadata: {labels: {app: web}}
            spec: {containers: [{name: c, image: "nginx:1.25"}]}
        """

    private func with(_ program: String, _ body: (Kubectl, TLSServer) async throws -> Void) async throws {
        try await TLSServer.with { server async throws in
            try await body(Kubectl(program: program, directory: server.directory), server)
        }
    }

    @Test(arguments: Kubectl.programs) func `kubectl discovers, explains and asks`(program: String) async throws {
        try await with(program) { kubectl, _ async throws in
            #expect(try await kubectl("version").text.contains("Server Version: v1."))
            #expect(try await kubectl("api-resources").text.contains("deployments"))
            #expect(try await kubectl("get", "ns").text.contains("kube-node-lease"))
            #expect(try await kubectl("explain", "pod.spec.containers.image").text.contains("FIELD: image"))
            #expect(try await kubectl("cluster-info").code == 0)
            #expect(try await kubectl("get", "--raw", "/readyz").text == "ok")
            #expect(try await kubectl("auth", "can-i", "create", "pods").text.contains("yes"))
            #expect(try await kubectl("auth", "can-i", "create", "pods", "--as=bob").text.contains("no"))
            #expect(try await kubectl("auth", "whoami").text.contains("kubernetes-admin"))
            #expect(try await kubectl("get", "all", "-A").text.contains("service/kubernetes"))
        }
    }

    @Test(arguments: Kubectl.programs) func `kubectl applies, compares and changes`(program: String) async throws {
        try await with(program) { kubectl, server async throws in
            let file = "\(server.directory)/web.yaml"
            try FileSystem.writeAtomically(file, Array(Self.manifest.utf8))
            #expect(try await kubectl("apply", "-f", file).text == "deployment.apps/web created\n")
            #expect(try await kubectl("apply", "-f", file).text == "deployment.apps/web unchanged\n")
            try FileSystem.writeAtomically(file, Array(Self.manifest.replacing("replicas: 2", with: "replicas: 3").utf8))
            let diff = try await kubectl("diff", "-f", file)
            #expect(diff.code == 1 && diff.text.contains("+  replicas: 3"), "\(diff.text)")
            #expect(try await kubectl("apply", "-f", file).text == "deployment.apps/web configured\n")
            #expect(try await kubectl("get", "deploy", "web", "-o", "jsonpath={.spec.replicas}").text == "3")
            #expect(try await kubectl("scale", "deploy", "web", "--replicas=5").code == 0)
            #expect(try await kubectl("label", "deploy", "web", "x=y").code == 0)
            #expect(try await kubectl("annotate", "deploy", "web", "note=hello").code == 0)
            #expect(try await kubectl("get", "deploy", "-l", "x=y", "-o", "name").text == "deployment.apps/web\n")
            #expect(try await kubectl("describe", "deploy", "web").text.contains("5 desired"))
            let script = "\(server.directory)/edit"
            try FileSystem.writeAtomically(script, Array("#!/bin/sh\nsed -i 's/nginx:1.25/nginx:1.26/' \"$1\"\n".utf8), mode: 0o700)
            #expect(try await kubectl("edit", "deploy", "web", editor: script).text.contains("edited"))
            #expect(
                try await kubectl("get", "deploy", "web", "-o", "jsonpath={.spec.template.spec.containers[0].image}").text == "nginx:1.26")
            #expect(try await kubectl("delete", "deploy", "web").text == "deployment.apps \"web\" deleted\n")
        }
    }

    @Test(arguments: Kubectl.programs) func `kubectl create sends protobuf and is understood`(program: String) async throws {
        try await with(program) { kubectl, _ async throws in
            for (arguments, said) in [
                (["create", "configmap", "c", "--from-literal=a=b"], "configmap/c created"),
                (["create", "secret", "generic", "s", "--from-literal=a=b"], "secret/s created"),
                (["create", "serviceaccount", "bob"], "serviceaccount/bob created"),
                (["create", "deployment", "d", "--image=nginx", "--replicas=2"], "deployment.apps/d created"),
                (["create", "job", "j", "--image=busybox", "--", "true"], "job.batch/j created"),
                (["create", "role", "r", "--verb=get", "--resource=pods"], "role.rbac.authorization.k8s.io/r created"),
                (["create", "rolebinding", "rb", "--role=r", "--user=bob"], "rolebinding.rbac.authorization.k8s.io/rb created"),
                (["create", "namespace", "n"], "namespace/n created"), (["run", "p", "--image=busybox"], "pod/p created"),
            ] {
                let answer = try await kubectl.run(arguments).text
                #expect(answer.contains(said), "\(answer)")
            }
            #expect(try await kubectl("auth", "can-i", "get", "pods", "--as=bob").text.contains("yes"))
            let bad = "apiVersion: v1\nkind: Pod\nmetadata: {name: bad}\nspec: {containers: [{name: c, image: x, imag: y}]}\n"
            let refused = try await kubectl("apply", "-f", "-", stdin: bad)
            #expect(refused.code != 0)
            #expect(refused.text.contains("unknown field \"spec.containers[0].imag\""), "\(refused.text)")
        }
    }

    @Test(arguments: Kubectl.programs) func `kubectl logs and exec reach the node`(program: String) async throws {
        try await with(program) { kubectl, server async throws in
            server.nodes.register("n1", FakeNode())
            let pod = "apiVersion: v1\nkind: Pod\nmetadata: {name: p}\nspec: {nodeName: n1, containers: [{name: a, image: x}]}\n"
            #expect(try await kubectl("create", "-f", "-", stdin: pod).code == 0)
            #expect(try await kubectl("logs", "p", "--tail=7").text == "a tail=7 previous=false\n")
            let echo = try await kubectl("exec", "-i", "p", "--", "cat", stdin: "hello")
            #expect(echo.text.contains("HELLO"), "\(echo.text)")
            let failed = try await kubectl("exec", "p", "--", "fail")
            #expect(failed.code == 3, "\(failed.text)")
        }
    }
}
