import LinuxKernel
import Testing

@testable import KubeSchemas

@Suite struct HumanDurationTests {
    @Test(arguments: [
        (-5, "<invalid>"), (-1, "0s"), (0, "0s"), (119, "119s"), (120, "2m"), (150, "2m30s"), (599, "9m59s"), (600, "10m"),
        (10_799, "179m"),
        (10_800, "3h"), (11_100, "3h5m"), (28_800, "8h"), (172_799, "47h"), (172_800, "2d"), (187_200, "2d4h"), (691_200, "8d"),
        (63_072_000, "2y"), (63_158_400, "2y1d"), (252_288_000, "8y"),
    ])
    func `ages read as in kubectl`(seconds: Int64, text: String) {
        #expect(HumanDuration.text(.seconds(seconds)) == text)
    }
}
