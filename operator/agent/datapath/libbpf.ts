// The distribution's libbpf.so.1, bound by koffi: the few calls that the agent makes, and their errors.
import koffi from 'koffi';
import { getSystemErrorName } from 'node:util';

/** A libbpf object, program, map or link. It is only handed back to libbpf. */
export type Handle = unknown;

/** A call of the kernel or of libbpf that failed. `errno` is the symbolic name of the error, such as ENOENT. */
export class LibbpfError extends Error {
  constructor(
    doing: string,
    readonly errno: string,
  ) {
    super(`${doing}: ${errno}`);
    this.name = 'LibbpfError';
  }
}

/** BPF_ANY of include/uapi/linux/bpf.h: creates or replaces an entry. */
export const anyValue = 0n;
/** BPF_NOEXIST: only creates an entry. */
export const newValue = 1n;

/** enum bpf_attach_type of include/uapi/linux/bpf.h. */
export const attachSkMsgVerdict = 7;

const lib = koffi.load('libbpf.so.1');

const printFunction = koffi.proto('int', ['int', 'const char *', 'void *']);

/** struct bpf_test_run_opts of libbpf 1.x (tools/lib/bpf/bpf.h). */
const testRunOptions = koffi.struct({
  sz: 'size_t',
  data_in: 'const void *',
  data_out: 'void *',
  data_size_in: 'uint32_t',
  data_size_out: 'uint32_t',
  ctx_in: 'const void *',
  ctx_out: 'void *',
  ctx_size_in: 'uint32_t',
  ctx_size_out: 'uint32_t',
  retval: 'uint32_t',
  repeat: 'int',
  duration: 'uint32_t',
  flags: 'uint32_t',
  cpu: 'uint32_t',
  batch_size: 'uint32_t',
});

const raw = {
  setPrint: lib.func('libbpf_set_print', 'void *', [koffi.pointer(printFunction)]),
  possibleCpus: lib.func('int libbpf_num_possible_cpus()'),
  openMemory: lib.func('void *bpf_object__open_mem(const void *bytes, size_t size, const void *options)'),
  loadObject: lib.func('int bpf_object__load(void *object)'),
  closeObject: lib.func('void bpf_object__close(void *object)'),
  nextMap: lib.func('void *bpf_object__next_map(void *object, void *map)'),
  mapName: lib.func('const char *bpf_map__name(void *map)'),
  mapFd: lib.func('int bpf_map__fd(void *map)'),
  setPinPath: lib.func('int bpf_map__set_pin_path(void *map, const char *path)'),
  initialValue: lib.func('void *bpf_map__initial_value(void *map, _Out_ size_t *size)'),
  findMap: lib.func('void *bpf_object__find_map_by_name(void *object, const char *name)'),
  findProgram: lib.func('void *bpf_object__find_program_by_name(void *object, const char *name)'),
  setLogBuffer: lib.func('int bpf_program__set_log_buf(void *program, void *buffer, size_t size)'),
  setAutoload: lib.func('int bpf_program__set_autoload(void *program, bool autoload)'),
  attach: lib.func('void *bpf_program__attach(void *program)'),
  programFd: lib.func('int bpf_program__fd(void *program)'),
  attachCgroup: lib.func('void *bpf_program__attach_cgroup(void *program, int cgroup)'),
  attachIterator: lib.func('void *bpf_program__attach_iter(void *program, const void *options)'),
  createIterator: lib.func('int bpf_iter_create(int link)'),
  openLink: lib.func('void *bpf_link__open(const char *path)'),
  pinLink: lib.func('int bpf_link__pin(void *link, const char *path)'),
  updateLink: lib.func('int bpf_link__update_program(void *link, void *program)'),
  linkFd: lib.func('int bpf_link__fd(void *link)'),
  destroyLink: lib.func('int bpf_link__destroy(void *link)'),
  attachProgram: lib.func('int bpf_prog_attach(int program, int target, int type, unsigned int flags)'),
  queryPrograms: lib.func('int bpf_prog_query(int target, int type, unsigned int query_flags, void *flags, void *ids, void *count)'),
  programById: lib.func('int bpf_prog_get_fd_by_id(unsigned int id)'),
  infoOf: lib.func('int bpf_obj_get_info_by_fd(int object, void *info, void *length)'),
  getPinned: lib.func('int bpf_obj_get(const char *path)'),
  lookup: lib.func('int bpf_map_lookup_elem(int map, const void *key, void *value)'),
  update: lib.func('int bpf_map_update_elem(int map, const void *key, const void *value, uint64_t flags)'),
  remove: lib.func('int bpf_map_delete_elem(int map, const void *key)'),
  testRun: lib.func('bpf_prog_test_run_opts', 'int', ['int', koffi.pointer(testRunOptions)]),
  nextKey: lib.func('int bpf_map_get_next_key(int map, const void *key, void *next)'),
};

const format = koffi.load('libc.so.6').func('int vsnprintf(void *buffer, size_t size, const char *format, void *args)');

/** Hands libbpf's own warnings (level 0) to `log`, one line each, instead of to standard error. */
export function onWarning(log: (line: string) => void): void {
  const callback = (level: number, text: string, args: unknown): number => {
    if (level > 0) return 0;
    const line = Buffer.alloc(4096);
    const length = format(line, line.length, text, args) as number;
    log(line.toString('utf8', 0, Math.min(length, line.length - 1)).trimEnd());
    return 0;
  };
  raw.setPrint(koffi.register(callback, koffi.pointer(printFunction)));
}

/** Returns `result`. @throws LibbpfError where it is the negative errno that libbpf 1.x returns */
export function check(doing: string, result: number): number {
  if (result < 0) throw new LibbpfError(doing, getSystemErrorName(result));
  return result;
}

/** Returns `handle`. @throws LibbpfError where it is NULL, with which libbpf 1.x leaves the cause in errno */
export function checkHandle(doing: string, handle: Handle): Handle {
  if (handle !== null) return handle;
  const errno = koffi.errno(); // may be overwritten by now: V8 makes system calls of its own
  throw new LibbpfError(doing, errno > 0 ? getSystemErrorName(-errno) : 'unknown error');
}

/** The bytes of a global-data map that is not loaded yet. libbpf shares them, so that they can be written. */
export function initialBytes(map: Handle): Buffer {
  const size = [0];
  const pointer = raw.initialValue(map, size) as unknown;
  return Buffer.from(koffi.view(checkHandle('read initial value', pointer) as never, Number(size[0])));
}

/** Runs a program once over a packet (BPF_PROG_TEST_RUN). The program may change the packet. */
export function runOver(doing: string, program: number, packet: Buffer): void {
  check(
    doing,
    raw.testRun(program, {
      sz: BigInt(koffi.sizeof(testRunOptions)),
      data_in: packet,
      data_out: packet,
      data_size_in: packet.length,
      data_size_out: packet.length,
      ctx_in: null,
      ctx_out: null,
      ctx_size_in: 0,
      ctx_size_out: 0,
      retval: 0,
      repeat: 1,
      duration: 0,
      flags: 0,
      cpu: 0,
      batch_size: 0,
    }),
  );
}

export const libbpf = raw;
