import JSONCore
import TestSupport
import Testing

struct YAMLWriterTests {
    @Test func `every value reads back as itself`() throws {
        var random = SeededGenerator(seed: 11)
        for _ in 0..<4000 {
            let value = random.value(depth: 4)
            let text = YAML.encode(value)
            do {
                let back = try YAML.parseSingle(text).value
                guard back == value else {
                    Issue.record("\(value) became \(back) through:\n\(text)")
                    return
                }
            } catch {
                Issue.record("\(error) in the text of \(value):\n\(text)")
                return
            }
        }
    }

    @Test func `text looks as kubectl writes it`() {
        let value: JSONValue = [
            "apiVersion": "v1", "data": ["script": "#!/bin/sh\necho hi\n", "no-end": "a\nb", "flag": "yes", "mode": "0644"],
            "metadata": ["creationTimestamp": "2026-01-02T03:04:05Z", "labels": [:], "name": "demo"],
            "spec": [
                "args": ["--flag", "-v", "a b", "*"], "empty": [],
                "containers": [["image": "a:1", "ports": [["port": 80]]], ["image": "b"]],
            ],
        ]
        #expect(
            YAML.encode(value) == """
                apiVersion: v1
                data:
                  script: |
                    #!/bin/sh
                    echo hi
                  no-end: |-
                    a
                    b
                  flag: "yes"
                  mode: "0644"
                metadata:
                  creationTimestamp: "2026-01-02T03:04:05Z"
                  labels: {}
                  name: demo
                spec:
                  args:
                  - --flag
                  - -v
                  - a b
                  - "*"
                  empty: []
                  containers:
                  - image: a:1
                    ports:
                    - port: 80
                  - image: b

                """)
    }

    @Test func `a very long key reads back`() throws {
        let key = String(repeating: "k", count: 3000)
        let value: JSONValue = [key: ["a": 1], "\(key)2": "x", "\(key)3": [1]]
        #expect(try YAML.parseSingle(YAML.encode(value)).value == value)
    }
}
