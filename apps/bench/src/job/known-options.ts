/**
 * fio options that are known and not done, by reason. A job file that uses one still runs, with a warning that says so:
 * silence would leave the reader to believe that it had an effect.
 */
const BY_REASON: readonly (readonly [reason: string, names: string])[] = [
  [
    'there is one engine here: the stack itself',
    'ioengine engine_name thread io_submit_mode profile clocksource gtod_reduce gtod_cpu',
  ],
  ['the stack has no page cache to bypass', 'direct buffered sync atomic write_barrier'],
  ['the stack has no page cache to drop or to fill', 'invalidate pre_read fadvise_hint'],
  [
    'the device takes the place of files: choose it with --media and --media-size',
    `filename directory filename_format unique_filename opendir filesize nrfiles nr_files openfiles
     file_service_type fallocate filetype lockfile overwrite file_append fill_device fill_fs create_serialize
     create_fsync create_on_open create_only allow_file_create allow_mounted_write unlink unlink_each_loop
     sync_file_range mem iomem iomem_align mem_align hugepage-size lockmem`,
  ],
  ['the stack flushes only through fsync', 'fdatasync end_fsync fsync_on_close end_syncfs'],
  [
    'the driver fills the queue whenever it polls and rings the doorbell once per batch: see --sq-doorbell',
    `iodepth_batch iodepth_batch_submit iodepth_batch_complete iodepth_batch_complete_min
     iodepth_batch_complete_max iodepth_low`,
  ],
  ['commands that overlap are kept apart only while verifying', 'serialize_overlap'],
  [
    'the scheduler of the operating system is left alone',
    `cpumask cpus_allowed cpus_allowed_policy numa_cpu_nodes numa_mem_policy nice prio prioclass priohint cmdprio
     cmdprio_percentage cmdprio_class cmdprio_hint cmdprio_bssplit ioscheduler cgroup cgroup_nodelete cgroup_weight
     uid gid comm`,
  ],
  [
    'jobs start at once, or one after another with stonewall',
    'startdelay wait_for exitall exit_what exitall_on_error job_start_clock_id flow flow_id flow_sleep',
  ],
  [
    'pacing has only rate, rate_iops and thinktime',
    `rate_min ratemin rate_process rate_cycle ratecycle rate_ignore_thinktime rate_iops_min thinktime_spin
     thinkcycles thinktime_blocks_type thinktime_iotime max_latency latency_target latency_window
     latency_percentile latency_run`,
  ],
  [
    'offsets follow rw, random_distribution and norandommap alone',
    `random_generator percentage_random random_sequence_stride rw_sequencer ba blockalign offset_align bs_unaligned
     blocksize_unaligned bs_is_seq_rand sprandom num_range softrandommap`,
  ],
  [
    'verification has its own header and one pass after the job',
    `verify_only verify_policy verify_offset verify_pattern_interval verify_dump verify_async verify_async_cpus
     verify_backlog verify_backlog_batch experimental_verify verify_state_load verify_state_save
     verify_write_sequence verify_header_seed trim_percentage trim_verify_zero trim_backlog trim_backlog_batch`,
  ],
  [
    'buffers are filled once, by verify, zero_buffers or buffer_pattern',
    `refill_buffers scramble_buffers buffer_compress_percentage buffer_compress_chunk dedupe_percentage dedupe_mode
     dedupe_working_set_percentage dedupe_global`,
  ],
  [
    'zones and data placement are not done',
    `zonemode zonesize zonecapacity zonerange zoneskip read_beyond_wp max_open_zones job_max_open_zones
     ignore_zone_limits zone_reset_threshold zone_reset_frequency recover_zbd_write_error write_zone_remainder fdp
     dataplacement data_placement plid_select fdp_pli_select plids fdp_pli dp_scheme write_hint`,
  ],
  [
    'there are no log files: see --output-format=json',
    `per_job_logs write_bw_log bwavgtime write_lat_log write_iops_log iopsavgtime log_entries log_avg_msec
     log_hist_msec log_hist_coarseness write_hist_log log_window_value log_max_value log_offset log_prio
     log_issue_time log_compression log_compression_cpus log_store_compressed log_alternate_epoch log_unix_epoch
     log_alternate_epoch_clock_id`,
  ],
  [
    'the report has one form',
    `stats clat_percentiles lat_percentiles slat_percentiles percentile_list significant_figures disk_util
     disable_lat disable_clat disable_slat disable_bw_measurement disable_bw unified_rw_reporting
     block_error_percentiles error_dump unit_base`,
  ],
  [
    'a run ends by size or by time',
    `steadystate ss steadystate_duration ss_dur steadystate_ramp_time ss_ramp steadystate_check_interval
     ss_interval ramp_size`,
  ],
  ['errors are chosen with continue_on_error', 'ignore_error'],
  ['commands outside are not run', 'exec_prerun exec_postrun'],
  [
    'this belongs to an engine that is not here',
    `hipri hipri_percentage fixedbufs registerfiles sqthread_poll sqthread_poll_cpu nonvectored uncached nowait
     force_async cmd_type cdb_len verify_bytchk md_per_io_size pi_act pi_chk apptag apptag_mask deac readfua
     writefua userspace_reap libaio_vectored`,
  ],
];

/**
 * fio options that change what a job is. To go on without them would measure something else under the same name, so
 * they are errors.
 */
const REFUSED: readonly (readonly [name: string, reason: string])[] = [
  ['include', 'other files are not read in'],
  ['read_iolog', 'recorded I/O is not replayed'],
  ['write_iolog', 'I/O is not recorded'],
  ['read_iolog_chunked', 'recorded I/O is not replayed'],
  ['replay_no_stall', 'recorded I/O is not replayed'],
  ['replay_redirect', 'recorded I/O is not replayed'],
  ['replay_scale', 'recorded I/O is not replayed'],
  ['replay_align', 'recorded I/O is not replayed'],
  ['replay_time_scale', 'recorded I/O is not replayed'],
  ['replay_skip', 'recorded I/O is not replayed'],
  ['merge_blktrace_file', 'recorded I/O is not replayed'],
  ['kb_base', 'sizes are read as with kb_base=1024'],
];

const WARNED = new Map(
  BY_REASON.flatMap(([reason, names]) => names.split(/\s+/).map((name) => [name, reason] as const)),
);
const REFUSED_BY_NAME = new Map(REFUSED);

/** Why an option of fio is not done although the job runs, or undefined when it is not one of those. */
export function reasonNotDone(name: string): string | undefined {
  return WARNED.get(name);
}

/** Why a job with this option of fio is refused, or undefined when it is not one of those. */
export function reasonRefused(name: string): string | undefined {
  return REFUSED_BY_NAME.get(name);
}

/** Every option name that is known and not done. */
export function namesNotDone(): Iterable<string> {
  return [...WARNED.keys(), ...REFUSED_BY_NAME.keys()];
}

/** The known and not done options by reason, for the reference. */
export function notDoneByReason(): readonly (readonly [reason: string, names: readonly string[]])[] {
  return BY_REASON.map(([reason, names]) => [reason, names.split(/\s+/)] as const);
}
