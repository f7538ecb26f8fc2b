// CDeflate
