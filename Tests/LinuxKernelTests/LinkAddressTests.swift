import Testing

@testable import LinuxKernel

@Suite struct LinkAddressTests {
    /// What the kernel says of 10.1.2.3/24 on the interface 7, with the given flags and scope.
    private func address(flags: UInt32 = 0x80, scope: UInt8 = 0, type: UInt16 = 20) throws -> LinkAddress? {
        var payload = NetlinkPayload()
        payload.header(UInt8(2), UInt8(24), UInt8(0), scope, Int32(7))
        payload.attribute(1, [10, 1, 2, 3])
        payload.attribute(2, [10, 1, 2, 3])
        payload.attribute(4, [10, 1, 2, 254])
        payload.attribute(3, "eth0")
        payload.attribute(8, flags)
        let bytes = NetlinkMessage("RTM_NEWADDR", type: type, payload: payload).encoded(sequence: 1)
        return LinkAddress(try #require(NetlinkReply.all(in: bytes).first))
    }

    @Test func `a lasting address is asked for again on another interface, without its label`() throws {
        let lasting = try #require(try address(flags: 0x280))
        #expect(lasting.interface == 7)
        var expected = NetlinkPayload()
        expected.header(UInt8(2), UInt8(24), UInt8(0), UInt8(0), Int32(9))
        expected.attribute(1, [10, 1, 2, 3])
        expected.attribute(2, [10, 1, 2, 3])
        expected.attribute(4, [10, 1, 2, 254])
        expected.attribute(8, UInt32(0x200))  // IFA_F_NOPREFIXROUTE
        #expect(lasting.request(on: 9).payload == expected)
    }

    @Test func `addresses that come by themselves are not`() throws {
        #expect(try address(flags: 0) == nil && address(scope: 253) == nil && address(type: 16) == nil)
    }
}
