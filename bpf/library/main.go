// The C library: every function takes a JSON text and answers with one that the caller gives to hoplens_free. Never call
// it from Node's main thread, where each call costs a hundred times what it costs in a worker.
package main

// #include <stdlib.h>
import "C"

import (
	"runtime"
	"unsafe"

	"hoplens/bpf"
)

// The library sits in another program's process and has little to do.
func init() { runtime.GOMAXPROCS(2) }

func main() {}

func call(function string, request *C.char) *C.char {
	return C.CString(bpf.Call(function, C.GoString(request)))
}

//export hoplens_open
func hoplens_open(request *C.char) *C.char { return call("open", request) }

//export hoplens_attach
func hoplens_attach(request *C.char) *C.char { return call("attach", request) }

//export hoplens_detach
func hoplens_detach(request *C.char) *C.char { return call("detach", request) }

//export hoplens_flags
func hoplens_flags(request *C.char) *C.char { return call("flags", request) }

//export hoplens_events
func hoplens_events(request *C.char) *C.char { return call("events", request) }

//export hoplens_rules
func hoplens_rules(request *C.char) *C.char { return call("rules", request) }

//export hoplens_exclude
func hoplens_exclude(request *C.char) *C.char { return call("exclude", request) }

//export hoplens_filter
func hoplens_filter(request *C.char) *C.char { return call("filter", request) }

//export hoplens_foreign
func hoplens_foreign(request *C.char) *C.char { return call("foreign", request) }

//export hoplens_claimed
func hoplens_claimed(request *C.char) *C.char { return call("claimed", request) }

//export hoplens_snapshot
func hoplens_snapshot(request *C.char) *C.char { return call("snapshot", request) }

//export hoplens_offloads
func hoplens_offloads(request *C.char) *C.char { return call("offloads", request) }

//export hoplens_close
func hoplens_close(request *C.char) *C.char { return call("close", request) }

//export hoplens_free
func hoplens_free(answer *C.char) { C.free(unsafe.Pointer(answer)) }
