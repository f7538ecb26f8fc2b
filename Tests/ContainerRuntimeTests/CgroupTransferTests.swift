import LinuxKernel
import Testing

@testable import ContainerRuntime

struct CgroupTransferTests {
    @Test func `disk counters of both versions are summed over the devices`() {
        let old = "8:0 Read 4096\n8:0 Write 100\n8:0 Sync 0\n8:16 Read 4\n8:16 Write 1\nTotal 4201"
        #expect(CgroupUsage.diskVersion1(old) == DiskUsage(read: ByteCount(4100), written: ByteCount(101)))
        let new = "8:0 rbytes=4096 wbytes=100 rios=1 wios=2 dbytes=9\n8:16 rbytes=4 wbytes=1"
        #expect(CgroupUsage.diskVersion2(new, exists: true) == DiskUsage(read: ByteCount(4100), written: ByteCount(101)))
        #expect(CgroupUsage.diskVersion2("", exists: true) == DiskUsage(read: .zero, written: .zero))
        #expect(CgroupUsage.diskVersion2("", exists: false) == nil && CgroupUsage.diskVersion1("") == nil)
    }

    @Test(arguments: ["", "Total 0", "8:0 Read -4", "8:0 Read x", "Read", "\n\n", "8:0 Read 99999999999999999999"])
    func `where nothing is counted nothing is told`(text: String) { #expect(CgroupUsage.diskVersion1(text) == nil) }

    @Test func `pressure is read with its averages`() throws {
        let text = "some avg10=1.50 avg60=0.25 avg300=0.00 total=123456\nfull avg10=0.10 avg60=0.00 avg300=0.00 total=42"
        let pressure = try #require(CgroupUsage.pressure { _ in text })
        #expect(pressure.io.some == Stall.Line(total: .microseconds(123_456), averages: [1.5, 0.25, 0]))
        #expect(pressure.cpu.full.total == .microseconds(42))
        #expect(CgroupUsage.stall("some avg10=nan avg60=inf avg300=x total=7")?.some.averages == [0, 0, 0])
    }

    @Test(arguments: ["", "some", "some total=x", "full avg10=0 total=1", "some avg10=0.0"])
    func `a kernel without pressure tells none`(text: String) { #expect(CgroupUsage.pressure { _ in text } == nil) }
}
