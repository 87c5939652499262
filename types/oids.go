package types

// The OIDs of the types whose forms this package dispatches on, as constants
// so that the switches compile to jumps; the values are those of the
// package's type variables.
const (
	oidBool         OID = 16
	oidBytea        OID = 17
	oidChar         OID = 18
	oidName         OID = 19
	oidInt8         OID = 20
	oidInt2         OID = 21
	oidInt2Vector   OID = 22
	oidInt4         OID = 23
	oidRegProc      OID = 24
	oidText         OID = 25
	oidOid          OID = 26
	oidTid          OID = 27
	oidXid          OID = 28
	oidCid          OID = 29
	oidOidVector    OID = 30
	oidJSON         OID = 114
	oidNodeTree     OID = 194
	oidFloat4       OID = 700
	oidFloat8       OID = 701
	oidUnknown      OID = 705
	oidAclItem      OID = 1033
	oidBPChar       OID = 1042
	oidVarChar      OID = 1043
	oidDate         OID = 1082
	oidTime         OID = 1083
	oidTimestamp    OID = 1114
	oidTimestampTZ  OID = 1184
	oidInterval     OID = 1186
	oidTimeTZ       OID = 1266
	oidPoint        OID = 600
	oidLseg         OID = 601
	oidPath         OID = 602
	oidBox          OID = 603
	oidPolygon      OID = 604
	oidLine         OID = 628
	oidCircle       OID = 718
	oidMoney        OID = 790
	oidNumeric      OID = 1700
	oidRefCursor    OID = 1790
	oidRegProcedure OID = 2202
	oidRegOper      OID = 2203
	oidRegOperator  OID = 2204
	oidRegClass     OID = 2205
	oidRegType      OID = 2206
	oidRegRole      OID = 4096
	oidRegNamespace OID = 4089
	oidRegCollation OID = 4191
	oidUUID         OID = 2950
	oidCidr         OID = 650
	oidInet         OID = 869
	oidMacAddr      OID = 829
	oidMacAddr8     OID = 774
	oidJSONB        OID = 3802
	oidJSONPath     OID = 4072
	oidXid8         OID = 5069
	oidRecord       OID = 2249
	oidCString      OID = 2275
	oidVoid         OID = 2278
)
