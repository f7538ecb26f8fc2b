import APIMachinery
import JSONCore
import KubeClient
import Testing

@testable import APIServer

/// What may become of a Job's status: each case is a status, a change of it, and what the answer says.
struct JobStatusTests {
    private static let jobs = "/apis/batch/v1/namespaces/default/jobs"
    private static let merge = "application/merge-patch+json"
    private static let start = #""startTime":"2026-01-01T00:00:00Z""#
    private static let end = #""completionTime":"2026-01-01T00:01:00Z""#
    private static let done = #"\#(start),\#(end),"succeeded":3,\#(holding("SuccessCriteriaMet", "Complete"))"#

    private static func holding(_ types: String...) -> String {
        #""conditions":[\#(types.map { #"{"type":"\#($0)","status":"True"}"# }.joined(separator: ","))]"#
    }

    private func make(_ api: TestServer, _ fields: String) async throws {
        let template = #""template":{"spec":{"restartPolicy":"Never","containers":[{"name":"c","image":"i"}]}}"#
        let made = try await api.call(.post, Self.jobs, #"{"metadata":{"name":"j"},"spec":{\#(fields)\#(template)}}"#)
        #expect(made.status == 201, "\(made.message)")
    }

    private func tell(_ api: TestServer, _ status: String) async throws -> TestServer.Answer {
        try await api.call(.patch, "\(Self.jobs)/j/status", #"{"status":{\#(status)}}"#, type: Self.merge)
    }

    @Test(arguments: [
        (
            "", #"\#(start),\#(end),\#(holding("SuccessCriteriaMet", "Complete", "Failed"))"#,
            "status.conditions: Invalid value: cannot set Complete=True and Failed=true conditions"
        ),
        (
            "", #"\#(start),\#(end),\#(holding("Complete", "FailureTarget"))"#,
            "status.conditions: Invalid value: cannot set Complete=True and FailureTarget=true conditions"
        ), ("", #"\#(start),\#(holding("Failed"))"#, "cannot set Failed=True condition without the FailureTarget=true condition"),
        ("", #"\#(start),\#(end),\#(holding("Complete"))"#, "cannot set Complete=True condition without the SuccessCriteriaMet=true condition"),
        ("", #"\#(holding("SuccessCriteriaMet", "Failed", "FailureTarget"))"#, "cannot set SuccessCriteriaMet=True and Failed=true conditions"),
        ("", #"\#(holding("SuccessCriteriaMet", "FailureTarget"))"#, "cannot set SuccessCriteriaMet=True and FailureTarget=true conditions"),
        (
            "", #"\#(start),\#(end)"#,
            #"status.completionTime: Invalid value: "2026-01-01T00:01:00Z": cannot set completionTime when there is no Complete=True condition"#
        ),
        (
            "", #"\#(start),\#(holding("SuccessCriteriaMet", "Complete"))"#,
            "status.completionTime: Required value: completionTime is required for Complete jobs"
        ),
        (
            "", #"\#(start),"completionTime":"2025-12-31T23:59:59Z",\#(holding("SuccessCriteriaMet", "Complete"))"#,
            #"status.completionTime: Invalid value: "2025-12-31T23:59:59Z": completionTime cannot be set before startTime"#
        ),
        (
            "", #"\#(end),\#(holding("SuccessCriteriaMet", "Complete"))"#,
            "status.startTime: Required value: startTime is required for finished job"
        ), ("", #"\#(done),"active":1"#, "status.active: Invalid value: 1: active>0 is invalid for finished job"),
        ("", #"\#(done),"terminating":2"#, "status.terminating: Invalid value: 2: terminating>0 is invalid for finished job"),
        (
            "", #"\#(done),"uncountedTerminatedPods":{"failed":["a"]}"#,
            #"status.uncountedTerminatedPods: Invalid value: {"failed":["a"]}: uncountedTerminatedPods needs to be empty for finished job"#
        ), ("", #""active":1,"ready":2"#, "status.ready: Invalid value: 2: cannot set more ready pods than active"),
        ("", #""failed":-1"#, "status.failed: Invalid value: -1: must be greater than or equal to 0"),
        (
            "", #""uncountedTerminatedPods":{"succeeded":["a",""],"failed":["a"]}"#,
            #"status.uncountedTerminatedPods.succeeded[1]: Invalid value: "": must not be empty"#
        ),
        (
            "", #""uncountedTerminatedPods":{"succeeded":["a"],"failed":["a"]}"#,
            #"status.uncountedTerminatedPods.failed[0]: Duplicate value: "a""#
        ),
        (
            "", #""completedIndexes":"0""#,
            #"status.completedIndexes: Invalid value: "0": cannot set non-empty completedIndexes when non-indexed completion mode"#
        ),
        (
            "", #""failedIndexes":"0""#,
            #"status.failedIndexes: Invalid value: "0": cannot set non-null failedIndexes when backoffLimitPerIndex is null"#
        ),
        (indexed, #""completedIndexes":"0,5""#, #""0,5": error parsing completedIndexes: too large index: "5""#),
        (indexed, #""completedIndexes":"1,0""#, "error parsing completedIndexes: non-increasing order, previous: 1, current: 0"),
        (indexed, #""completedIndexes":"2-1""#, "error parsing completedIndexes: non-increasing order, previous: 2, current: 1"),
        (indexed, #""failedIndexes":"x""#, #"error parsing failedIndexes: cannot convert string to integer for index: "x""#),
        (indexed, #""failedIndexes":"0-1-2""#, #"error parsing failedIndexes: the fragment "0-1-2" violates the requirement"#),
        (
            indexed, #""completedIndexes":"0,2-4","failedIndexes":"1,3""#,
            #"status.failedIndexes: Invalid value: "1,3": failedIndexes and completedIndexes overlap at index: 3"#
        ),
    ])
    func `a status does not contradict itself`(spec: String, status: String, text: String) async throws {
        try await TestServer.with { api async throws in
            try await make(api, spec)
            let refused = try await tell(api, status)
            #expect(refused.status == 422 && refused.message.contains(text), "\(refused.message)")
        }
    }

    private static let indexed = #""completionMode":"Indexed","completions":5,"parallelism":2,"backoffLimitPerIndex":1,"#

    @Test(arguments: [
        (holding("FailureTarget"), #""conditions":[]"#, "status.conditions: Invalid value: cannot disable the terminal FailureTarget=True condition"),
        (holding("SuccessCriteriaMet"), #""conditions":[]"#, "cannot disable the SuccessCriteriaMet=True condition"),
        (#""failed":2"#, #""failed":1"#, "status.failed: Invalid value: 1: cannot decrease the failed counter"),
        (#""succeeded":2"#, #""succeeded":null"#, "status.succeeded: Invalid value: 0: cannot decrease the succeeded counter"),
        (start, #""startTime":null"#, "status.startTime: Required value: startTime cannot be removed for unsuspended job"),
        (
            done, #""completionTime":"2026-01-01T00:02:00Z""#,
            #"status.completionTime: Invalid value: "2026-01-01T00:02:00Z": completionTime cannot be mutated"#
        ), (done, holding("SuccessCriteriaMet"), "cannot disable the terminal Complete=True condition"),
    ])
    func `a status takes nothing back`(status: String, change: String, text: String) async throws {
        try await TestServer.with { api async throws in
            try await make(api, "")
            let told = try await tell(api, status)
            #expect(told.status == 200, "\(told.message)")
            let refused = try await tell(api, change)
            #expect(refused.status == 422 && refused.message.contains(text), "\(refused.message)")
        }
    }

    @Test func `a job that goes on may begin anew`() async throws {
        try await TestServer.with { api async throws in
            try await make(api, "")
            #expect(try await tell(api, #"\#(Self.start),\#(Self.holding("Suspended"))"#).status == 200)
            let resumed = try await tell(api, #""startTime":"2026-01-02T00:00:00Z","conditions":[{"type":"Suspended","status":"False"}]"#)
            #expect(resumed.status == 200, "\(resumed.message)")
            #expect(try await tell(api, #""startTime":"2026-01-03T00:00:00Z""#).status == 422)
        }
    }

    @Test func `what is wrong already does not stand in the way, and less is done of what becomes smaller`() async throws {
        try await TestServer.with { api async throws in
            try await make(api, Self.indexed.replacing(#""parallelism":2"#, with: #""parallelism":5"#))
            #expect(try await tell(api, #"\#(Self.start),"succeeded":5,"completedIndexes":"0-4""#).status == 200)
            let smaller = #"{"spec":{"completions":2,"parallelism":2}}"#
            #expect(try await api.call(.patch, "\(Self.jobs)/j", smaller, type: Self.merge).status == 200)
            let other = try await tell(api, #""ready":0"#)
            #expect(other.status == 200, "\(other.message)")
            let fewer = try await tell(api, #""succeeded":2,"completedIndexes":"0,1""#)
            #expect(fewer.status == 200, "\(fewer.message)")
            let ended = try await tell(api, #"\#(Self.end),\#(Self.holding("SuccessCriteriaMet", "Complete"))"#)
            #expect(ended.status == 200, "\(ended.message)")
        }
    }
}
