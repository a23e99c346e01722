/* Files written whole or not at all, run directories, and logs. */
#include "tests/temporary.h"

#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <math.h>
#include <sys/wait.h>

#include "src/io/file.h"
#include "src/io/run_record.h"

TestSuite(file, .init = temporary_make, .fini = temporary_remove);
TestSuite(run, .init = temporary_make, .fini = temporary_remove);
TestSuite(log, .init = temporary_make, .fini = temporary_remove);

/* --- files --- */

/* What long work asks first: it leaves nothing, and what is there stays. */
Test(file, trying_leaves_nothing)
{
	size_t size;
	ASSERT_OK(sgan_file_try(in_temporary("new")));
	cr_expect_eq(count_files(), 0);
	put_text("old", "12345");
	ASSERT_OK(sgan_file_try(in_temporary("old")));
	char *text = get_file("old", &size);
	cr_expect_str_eq(text, "12345");
	free(text);
	cr_expect_eq(count_files(), 1);
	ASSERT_FAILS(sgan_file_try(in_temporary("no/new")), SGAN_EIO, "no/new: cannot create");
	ASSERT_FAILS(sgan_file_try("/dev/null"), SGAN_EIO, "a device or pipe");
}

Test(file, reads_up_to_its_limit)
{
	char *data = NULL;
	size_t size = 99;
	put_text("five", "12345");
	ASSERT_OK(sgan_file_read(in_temporary("five"), 5, &data, &size));
	cr_assert_eq(size, 5);
	cr_assert_str_eq(data, "12345");
	free(data);
	data = NULL;
	ASSERT_FAILS(sgan_file_read(in_temporary("five"), 4, &data, &size), SGAN_EFORMAT, "larger than 4 bytes");
	cr_assert_null(data);
}

Test(file, reads_an_empty_and_a_long_one)
{
	char *data, *made = malloc(1000003);
	size_t size;
	put_text("empty", "");
	ASSERT_OK(sgan_file_read(in_temporary("empty"), 0, &data, &size));
	cr_assert_eq(size, 0);
	cr_assert_eq(data[0], '\0');
	free(data);
	for (size_t i = 0; i < 1000003; i++)
		made[i] = (char)(i * 7 + i / 251);
	put_file("long", made, 1000003);
	ASSERT_OK(sgan_file_read(in_temporary("long"), 4 << 20, &data, &size));
	cr_assert_eq(size, 1000003);
	cr_assert_arr_eq(data, made, 1000003);
	free(data);
	ASSERT_FAILS(sgan_file_read(in_temporary("long"), 1000002, &data, &size), SGAN_EFORMAT, "larger than 1000002");
	free(made);
}

Test(file, says_what_cannot_be_read)
{
	char *data;
	size_t size;
	ASSERT_FAILS(sgan_file_read(in_temporary("none"), 10, &data, &size), SGAN_EIO, "none: cannot open: No such file");
	ASSERT_FAILS(sgan_file_read(temporary, 10, &data, &size), SGAN_EIO, "it is a folder, not a regular file");
	ASSERT_FAILS(sgan_file_read("/dev/zero", 1000, &data, &size), SGAN_EIO, "it is a device or pipe");
	put_text("long", "12345678901");
	ASSERT_FAILS(sgan_file_read(in_temporary("long"), 10, &data, &size), SGAN_EFORMAT, "larger than 10 bytes");
	cr_assert_eq(mkfifo(in_temporary("pipe"), 0600), 0);
	ASSERT_FAILS(sgan_file_read(in_temporary("pipe"), 10, &data, &size), SGAN_EIO, "it is a device or pipe");
}

Test(file, replaces_and_leaves_nothing_else)
{
	put_text("model", "old");
	ASSERT_OK(sgan_file_write(in_temporary("model"), "newer", 5));
	assert_text("model", "newer");
	ASSERT_OK(sgan_file_write(in_temporary("empty"), NULL, 0));
	assert_text("empty", "");
	cr_assert_eq(count_files(), 2);
	struct stat st;
	mode_t mask = umask(0);
	umask(mask);
	cr_assert_eq(stat(in_temporary("model"), &st), 0);
	cr_assert_eq(st.st_mode & 0777, 0666 & ~mask);
}

Test(file, name_without_a_folder)
{
	cr_assert_eq(chdir(temporary), 0);
	ASSERT_OK(sgan_file_write("plain", "x", 1));
	assert_text("plain", "x");
	cr_assert_eq(chdir("/"), 0);
}

Test(file, old_content_stands_until_the_commit)
{
	struct sgan_writer *writer;
	put_text("model", "old");
	ASSERT_OK(sgan_writer_open(in_temporary("model"), &writer));
	ASSERT_OK(sgan_writer_write(writer, "ne", 2));
	assert_text("model", "old");
	ASSERT_OK(sgan_writer_write(writer, "wer", 3));
	ASSERT_OK(sgan_writer_commit(writer));
	assert_text("model", "newer");
	ASSERT_OK(sgan_writer_open(in_temporary("model"), &writer));
	ASSERT_OK(sgan_writer_write(writer, "lost", 4));
	sgan_writer_abort(writer);
	sgan_writer_abort(NULL);
	assert_text("model", "newer");
	cr_assert_eq(count_files(), 1);
}

Test(file, two_writers_of_one_file)
{
	struct sgan_writer *first, *second;
	ASSERT_OK(sgan_writer_open(in_temporary("model"), &first));
	ASSERT_OK(sgan_writer_open(in_temporary("model"), &second));
	ASSERT_OK(sgan_writer_write(first, "first", 5));
	ASSERT_OK(sgan_writer_write(second, "second", 6));
	ASSERT_OK(sgan_writer_commit(second));
	ASSERT_OK(sgan_writer_commit(first));
	assert_text("model", "first");
	cr_assert_eq(count_files(), 1);
}

Test(file, full_disk)
{
	static char data[300000];
	put_text("model", "old");
	fill_disk_after(100000);
	ASSERT_FAILS(sgan_file_write(in_temporary("model"), data, sizeof data), SGAN_EIO,
	             "/model: cannot write: File too large");
	struct sgan_writer *writer;
	ASSERT_OK(sgan_writer_open(in_temporary("other"), &writer));
	ASSERT_FAILS(sgan_writer_write(writer, data, sizeof data), SGAN_EIO, "/other: cannot write");
	ASSERT_FAILS(sgan_writer_commit(writer), SGAN_EIO, "/other: cannot write");
	empty_disk();
	assert_text("model", "old");
	cr_assert_eq(count_files(), 1);
}

Test(file, places_that_cannot_be_written)
{
	char deep[SGAN_PATH + 10], name[400];
	put_text("file", "x");
	ASSERT_FAILS(sgan_file_write(in_temporary("none/x"), "x", 1), SGAN_EIO, "none/x: cannot create: No such file");
	ASSERT_FAILS(sgan_file_write(in_temporary("file/x"), "x", 1), SGAN_EIO, "file/x: cannot create: Not a directory");
	ASSERT_FAILS(sgan_file_write(temporary, "x", 1), SGAN_EIO, "a folder, not a regular file");
	ASSERT_FAILS(sgan_file_write("/dev/null", "x", 1), SGAN_EIO, "not a regular file");
	ASSERT_FAILS(sgan_file_write(in_temporary("new/"), "x", 1), SGAN_EIO, "last slash");
	ASSERT_FAILS(sgan_file_write("", "x", 1), SGAN_EINVAL, "1 to 4095 bytes");
	memset(deep, 'a', sizeof deep);
	deep[sizeof deep - 1] = '\0';
	ASSERT_FAILS(sgan_file_write(deep, "x", 1), SGAN_EINVAL, "1 to 4095 bytes");
	memset(name, 'n', sizeof name);
	name[300] = '\0'; /* longer than a name may be, though its temporary name would not */
	ASSERT_FAILS(sgan_file_write(in_temporary(name), "x", 1), SGAN_EIO, "too long");
	cr_assert_eq(count_files(), 1);
}

/* --- run directories --- */

static const char *create(const char *out, const char *preset, const char *data)
{
	static char path[SGAN_PATH];
	ASSERT_OK(sgan_run_create(in_temporary(out), preset, data, NULL, path));
	struct stat st;
	cr_assert_eq(stat(path, &st), 0);
	cr_assert(S_ISDIR(st.st_mode));
	return strrchr(path, '/') + 1;
}

Test(run, numbers_follow_the_highest)
{
	cr_assert_str_eq(create("a/b/runs", "mnist", "fashion-mnist"), "00000-mnist-fashion-mnist");
	cr_assert_str_eq(create("a/b/runs", "mnist", "mnist"), "00001-mnist-mnist");
	cr_assert_eq(rmdir(in_temporary("a/b/runs/00000-mnist-fashion-mnist")), 0);
	cr_assert_str_eq(create("a/b/runs/", "mnist", "mnist"), "00002-mnist-mnist");
	/* What is no run does not count; a file with a run's name does. */
	put_text("a/b/runs/1234-x", "");
	put_text("a/b/runs/00099x", "");
	put_text("a/b/runs/000077-x", "");
	cr_assert_str_eq(create("a/b/runs", "mnist", "mnist"), "00003-mnist-mnist");
	put_text("a/b/runs/00010-copy", "");
	cr_assert_str_eq(create("a/b/runs", "mnist", "mnist"), "00011-mnist-mnist");
}

Test(run, names_become_plain)
{
	cr_assert_str_eq(create("runs", "../my model", "a\nb*"), "00000-..-my-model-a-b-");
}

Test(run, number_ends)
{
	char path[SGAN_PATH];
	cr_assert_eq(mkdir(in_temporary("99999-x-y"), 0777), 0);
	ASSERT_FAILS(sgan_run_create(temporary, "m", "d", NULL, path), SGAN_EIO, "choose another output folder");
}

Test(run, folders_that_cannot_be_made)
{
	char path[SGAN_PATH] = "untouched", deep[SGAN_PATH + 10];
	put_text("file", "x");
	ASSERT_FAILS(sgan_run_create(in_temporary("file"), "m", "d", NULL, path), SGAN_EIO,
	             "file: cannot make the output folder");
	ASSERT_FAILS(sgan_run_create(in_temporary("file/runs"), "m", "d", NULL, path), SGAN_EIO, "Not a directory");
	ASSERT_FAILS(sgan_run_create("/proc/runs", "m", "d", NULL, path), SGAN_EIO,
	             "/proc/runs: cannot make the output folder");
	ASSERT_FAILS(sgan_run_create("", "m", "d", NULL, path), SGAN_EINVAL, "a path has 1 to");
	memset(deep, 'a', sizeof deep);
	deep[sizeof deep - 1] = '\0';
	ASSERT_FAILS(sgan_run_create(deep, "m", "d", NULL, path), SGAN_EINVAL, "a path has 1 to");
	cr_assert_str_eq(path, "untouched");
	cr_assert_eq(count_files(), 1);
}

Test(run, next_is_told_before_it_is_made)
{
	char path[SGAN_PATH];
	ASSERT_OK(sgan_run_next(in_temporary("a/runs"), "my model", "mnist", path));
	cr_assert_str_eq(path, in_temporary("a/runs/00000-my-model-mnist"));
	cr_assert_eq(count_files(), 0);
	create("a/runs", "mnist", "mnist");
	put_text("a/runs/00010-copy", "");
	ASSERT_OK(sgan_run_next(in_temporary("a/runs"), "mnist", "a\nb", path));
	cr_assert_str_eq(path, in_temporary("a/runs/00011-mnist-a-b"));
	cr_assert_str_eq(create("a/runs", "mnist", "a\nb"), "00011-mnist-a-b");
	put_text("a/runs/99999-x", "");
	ASSERT_FAILS(sgan_run_next(in_temporary("a/runs"), "m", "d", path), SGAN_EIO, "choose another output folder");
	ASSERT_FAILS(sgan_run_next(in_temporary("a/runs/99999-x"), "m", "d", path), SGAN_EIO, "Not a directory");
	ASSERT_FAILS(sgan_run_next("", "m", "d", path), SGAN_EINVAL, "a path has 1 to");
}

/* Eight processes, names that do not collide: the numbers must not either. */
Test(run, processes_at_once)
{
	enum { PROCESSES = 8, RUNS = 5 };
	for (int i = 0; i < PROCESSES; i++) {
		pid_t child = fork();
		cr_assert_geq(child, 0);
		if (child == 0) {
			char name[16], path[SGAN_PATH];
			snprintf(name, sizeof name, "p%d", i);
			for (int j = 0; j < RUNS; j++)
				if (sgan_run_create(in_temporary("runs"), name, "d", NULL, path) != SGAN_OK)
					_exit(1);
			_exit(0);
		}
	}
	for (int i = 0; i < PROCESSES; i++) {
		int status;
		cr_assert_gt(wait(&status), 0);
		cr_assert_eq(status, 0);
	}
	bool seen[PROCESSES * RUNS] = { false };
	DIR *folder = opendir(in_temporary("runs"));
	struct dirent *entry;
	while ((entry = readdir(folder))) {
		if (entry->d_name[0] == '.')
			continue;
		long number = strtol(entry->d_name, NULL, 10);
		cr_assert_lt(number, PROCESSES * RUNS);
		cr_assert_not(seen[number], "number %ld twice", number);
		seen[number] = true;
	}
	closedir(folder);
	for (int i = 0; i < PROCESSES * RUNS; i++)
		cr_assert(seen[i], "number %d is missing", i);
}

static void assert_found(const char *run, const char *name)
{
	char path[SGAN_PATH];
	ASSERT_OK(sgan_run_find(in_temporary("runs"), run, path));
	const char *wanted = *name == '/' ? name : in_temporary(name);
	cr_assert_str_eq(path, wanted, "'%s' is %s, %s expected", run, path, wanted);
}

Test(run, is_found)
{
	create("runs", "mnist", "a");
	create("runs", "mnist", "b");
	create("runs", "mnist", "c");
	put_text("runs/00007-not-a-folder", "");
	put_text("runs/00001-mnist-b/checkpoint.safetensors", "");
	put_text("runs/00002-mnist-c/checkpoint.safetensors", "");
	assert_found(in_temporary("runs/latest"), "runs/00002-mnist-c");
	assert_found("latest", "runs/00002-mnist-c");
	assert_found("1", "runs/00001-mnist-b");
	assert_found("00001", "runs/00001-mnist-b");
	assert_found("00000-mnist-a", "runs/00000-mnist-a");
	assert_found(in_temporary("runs/00001-mnist-b"), "runs/00001-mnist-b");
	cr_assert_eq(mkdir(in_temporary("best"), 0777), 0);
	assert_found(in_temporary("best"), "best");
	cr_assert_eq(chdir(temporary), 0);
	char path[SGAN_PATH];
	ASSERT_OK(sgan_run_find("runs", "best", path));
	cr_assert_str_eq(path, "best");
	cr_assert_eq(chdir("/"), 0);
}

Test(run, is_not_found)
{
	char path[SGAN_PATH];
	ASSERT_FAILS(sgan_run_find(in_temporary("runs"), "latest", path), SGAN_EIO,
	             "runs: cannot read the folder of runs: No");
	cr_assert_eq(mkdir(in_temporary("runs"), 0777), 0);
	ASSERT_FAILS(sgan_run_find(in_temporary("runs"), "latest", path), SGAN_EIO, "holds no run yet");
	create("runs", "mnist", "a");
	ASSERT_FAILS(sgan_run_find(in_temporary("runs"), "5", path), SGAN_EIO,
	             "holds no run of number 5; there are 00000-mnist-a");
	ASSERT_FAILS(sgan_run_find(in_temporary("runs"), "99999999999999999999999", path), SGAN_EIO,
	             "holds no run of number");
	ASSERT_FAILS(sgan_run_find(in_temporary("runs"), "00000-mnist-b", path), SGAN_EIO, "no such run");
	ASSERT_FAILS(sgan_run_find("nowhere", "nowhere/latest", path), SGAN_EIO, "nowhere: cannot read the folder of runs");
	ASSERT_FAILS(sgan_run_find(in_temporary("runs"), "", path), SGAN_EIO, "no such run");
	cr_assert_eq(mkdir(in_temporary("runs/00000-copy"), 0777), 0);
	ASSERT_FAILS(sgan_run_find(in_temporary("runs"), "0", path), SGAN_EIO, "2 runs of number 0");
}

Test(run, joins_paths)
{
	char path[SGAN_PATH], long_name[SGAN_PATH];
	ASSERT_OK(sgan_run_file("a/b", "c", path));
	cr_assert_str_eq(path, "a/b/c");
	ASSERT_OK(sgan_run_file(path, "d", path));
	cr_assert_str_eq(path, "a/b/c/d");
	memset(long_name, 'x', sizeof long_name);
	long_name[sizeof long_name - 1] = '\0';
	ASSERT_FAILS(sgan_run_file("a", long_name, path), SGAN_EINVAL, "longer than 4095");
	cr_assert_str_eq(path, "a/b/c/d");
}

/* --- logs --- */

static struct sgan_log *log_opened(void)
{
	struct sgan_log *log = NULL;
	ASSERT_OK(sgan_log_open(temporary, &log));
	return log;
}

static void log_step(struct sgan_log *log, const char *stage, int64_t step)
{
	sgan_log_begin(log);
	sgan_log_text(log, "stage", stage);
	sgan_log_integer(log, "step", step);
	ASSERT_OK(sgan_log_end(log));
}

Test(log, writes_what_json_reads)
{
	struct sgan_log *log = log_opened();
	sgan_log_begin(log);
	sgan_log_text(log, "stage", "joint \"1\"\n");
	sgan_log_integer(log, "step", INT64_MAX);
	sgan_log_number(log, "loss", (double)0.1f);
	sgan_log_number(log, "nan", NAN);
	sgan_log_number(log, "inf", -INFINITY);
	ASSERT_OK(sgan_log_end(log));
	log_step(log, "joint", 2);
	ASSERT_OK(sgan_log_close(log));
	size_t size;
	char *text = get_file("stats.jsonl", &size);
	char *newline = strchr(text, '\n');
	cr_assert_str_eq(newline + 1, "{\"stage\":\"joint\",\"step\":2}\n");
	json_t *line = json_loadb(text, (size_t)(newline - text), 0, NULL);
	cr_assert_not_null(line);
	cr_assert_str_eq(json_string_value(json_object_get(line, "stage")), "joint \"1\"\n");
	cr_assert_eq(json_integer_value(json_object_get(line, "step")), INT64_MAX);
	cr_assert_eq((float)json_real_value(json_object_get(line, "loss")), 0.1f);
	cr_assert(json_is_null(json_object_get(line, "nan")));
	cr_assert(json_is_null(json_object_get(line, "inf")));
	json_decref(line);
	free(text);
}

Test(log, appends)
{
	for (int i = 0; i < 2; i++) {
		struct sgan_log *log = log_opened();
		log_step(log, "e", i);
		ASSERT_OK(sgan_log_close(log));
	}
	assert_text("stats.jsonl", "{\"stage\":\"e\",\"step\":0}\n{\"stage\":\"e\",\"step\":1}\n");
	ASSERT_OK(sgan_log_close(NULL));
}

Test(log, line_that_cannot_be_written)
{
	struct sgan_log *log = log_opened();
	log_step(log, "e", 1);
	sgan_log_begin(log);
	sgan_log_text(log, "stage", "\xff\xfe");
	ASSERT_FAILS(sgan_log_end(log), SGAN_EINVAL, "stats.jsonl: a line cannot be written");
	/* The second line fits only in part: it must go altogether. */
	fill_disk_after(30);
	sgan_log_begin(log);
	sgan_log_text(log, "stage", "a long name of a stage");
	ASSERT_FAILS(sgan_log_end(log), SGAN_EIO, "stats.jsonl: cannot write: File too large");
	empty_disk();
	log_step(log, "e", 2);
	ASSERT_OK(sgan_log_close(log));
	assert_text("stats.jsonl", "{\"stage\":\"e\",\"step\":1}\n{\"stage\":\"e\",\"step\":2}\n");
	ASSERT_FAILS(sgan_log_open(in_temporary("none"), &log), SGAN_EIO, "none/stats.jsonl: cannot open");
}

static bool keep_to(void *arg, const char *stage, int64_t step)
{
	return strcmp(stage, "e") == 0 && step <= *(int64_t *)arg;
}

static void truncate_to(int64_t step)
{
	ASSERT_OK(sgan_log_truncate(temporary, keep_to, &step));
}

#define LINE(step) "{\"stage\": \"e\", \"step\": " #step "}\n"

Test(log, truncates)
{
	truncate_to(3); /* no file yet */
	cr_assert_eq(count_files(), 0);
	put_text("stats.jsonl", LINE(1) LINE(2) LINE(3));
	truncate_to(9);
	assert_text("stats.jsonl", LINE(1) LINE(2) LINE(3));
	/* The first line past the mark ends it, whatever comes later; unmarked lines go with those before. */
	put_text("stats.jsonl", LINE(1) "{\"epoch\": 1}\n" LINE(3) "{\"epoch\": 2}\n" LINE(1));
	truncate_to(2);
	assert_text("stats.jsonl", LINE(1) "{\"epoch\": 1}\n");
	put_text("stats.jsonl", "{\"stage\": \"joint\", \"step\": 1}\n" LINE(1));
	truncate_to(2);
	assert_text("stats.jsonl", "");
	cr_assert_eq(count_files(), 1);
}

Test(log, truncates_a_line_cut_short)
{
	put_text("stats.jsonl", LINE(1) LINE(2) "{\"stage\": \"e\", \"st");
	truncate_to(9);
	assert_text("stats.jsonl", LINE(1) LINE(2));
	put_text("stats.jsonl", LINE(1) "{\"stage\": \"e\", \"step\": 2}"); /* nothing but its end is missing */
	truncate_to(9);
	assert_text("stats.jsonl", LINE(1));
	put_text("stats.jsonl", LINE(1) "{\"stage\n");
	truncate_to(9);
	assert_text("stats.jsonl", LINE(1));
	put_file("stats.jsonl", LINE(1) "\0\0\0\0", sizeof LINE(1) + 3);
	truncate_to(9);
	assert_text("stats.jsonl", LINE(1));
}

/* What a resume does not need is no reason to refuse it. */
Test(log, broken_line_in_the_middle)
{
	put_text("stats.jsonl", LINE(1) "{nonsense\n" LINE(3));
	truncate_to(9);
	assert_text("stats.jsonl", LINE(1) "{nonsense\n" LINE(3));
	truncate_to(2);
	assert_text("stats.jsonl", LINE(1));
}

/* --- locks and records of runs ------------------------------------------------- */

/* The number of a process that has ended. */
static long dead_process(void)
{
	const pid_t pid = fork();
	if (pid == 0)
		_exit(0);
	cr_assert_eq(waitpid(pid, NULL, 0), pid);
	return (long)pid;
}

Test(run, one_at_a_time)
{
	int first = -1, second = -1;
	ASSERT_OK(sgan_run_lock(temporary, &first));
	ASSERT_FAILS(sgan_run_lock(temporary, &second), SGAN_EIO, "another process is training in it");
	cr_expect_eq(second, -1);
	sgan_run_unlock(first);
	char name[64];
	snprintf(name, sizeof name, ".checkpoint.safetensors.%ld-0.tmp", dead_process());
	put_text(name, "of a process that was killed");
	snprintf(name, sizeof name, ".samples.png.%ld-3.tmp", (long)getppid());
	put_text(name, "of one that lives");
	put_text("checkpoint.safetensors", "whole");
	put_text(".notes.tmp", "the user's own");
	put_text(".1-2.tmp", "of nobody's");
	ASSERT_OK(sgan_run_lock(temporary, &second));
	cr_expect_eq(count_files(), 4, "what a killed process left is still there, or more has gone");
	sgan_run_unlock(second);
	sgan_run_unlock(-1);
	ASSERT_FAILS(sgan_run_lock(in_temporary("none"), &first), SGAN_EIO, "none: No such file");
	ASSERT_FAILS(sgan_run_lock(in_temporary("checkpoint.safetensors"), &first), SGAN_EIO, "Not a directory");
}

static const struct sgan_run_record some_record = {
	.config = "name = \"mnist\";\n", .isa = "avx2", .preset = "mnist", .dataset = "clothes", .data = "/data/clothes"
};

Test(run, record_comes_back)
{
	char data[SGAN_PATH] = "";
	ASSERT_OK(sgan_run_record_write(temporary, &some_record));
	assert_text("config.cfg", some_record.config);
	ASSERT_OK(sgan_run_record_data(temporary, data));
	cr_expect_str_eq(data, "/data/clothes");
	struct sgan_run_record odd = some_record;
	odd.data = "/data/\xff";
	ASSERT_OK(sgan_run_record_write(temporary, &odd));
	ASSERT_FAILS(sgan_run_record_data(temporary, data), SGAN_EFORMAT, "run.json: does not say where the data is");
	put_text("run.json", "{\"data\": 3}");
	ASSERT_FAILS(sgan_run_record_data(temporary, data), SGAN_EFORMAT, "does not say");
	put_text("run.json", "{\"data\": ");
	ASSERT_FAILS(sgan_run_record_data(temporary, data), SGAN_EFORMAT, "run.json:1: not JSON");
	cr_expect_str_eq(data, "/data/clothes", "a failure wrote the answer");
}

/* A run that has not begun goes; one with a log or a checkpoint stays whole. */
Test(run, discards_what_has_not_begun)
{
	static const char *const begun[] = { "stats.jsonl", "checkpoint.safetensors" };
	char run[SGAN_PATH], name[64];
	snprintf(run, sizeof run, "%s", in_temporary("run"));
	for (size_t i = 0; i < 2; i++) {
		cr_assert_eq(mkdir(run, 0777), 0);
		ASSERT_OK(sgan_run_record_write(run, &some_record));
		put_text("run/reals.png", "picture");
		snprintf(name, sizeof name, "run/%s", begun[i]);
		put_text(name, "something");
		sgan_run_record_discard(run);
		assert_text("run/config.cfg", some_record.config);
		assert_text("run/reals.png", "picture");
		cr_assert_eq(unlink(in_temporary(name)), 0);
		sgan_run_record_discard(run);
		cr_expect_eq(count_files(), 0, "the run is still there");
	}
}

/* A run that was killed before it had a checkpoint is not the latest, and goes when the next one is made. */
Test(run, that_had_not_begun)
{
	char path[SGAN_PATH], found[SGAN_PATH];
	cr_assert_eq(mkdir(in_temporary("runs"), 0777), 0);
	ASSERT_FAILS(sgan_run_find(in_temporary("runs"), "latest", found), SGAN_EIO, "holds no run yet that has begun");
	ASSERT_OK(sgan_run_create(in_temporary("runs"), "m", "d", NULL, path));
	put_text("runs/00000-m-d/checkpoint.safetensors", "a good one");
	ASSERT_OK(sgan_run_create(in_temporary("runs"), "m", "d", NULL, path));
	ASSERT_OK(sgan_run_record_write(path, &some_record));
	ASSERT_OK(sgan_run_find(in_temporary("runs"), "latest", found));
	cr_expect(strstr(found, "00000-m-d") != NULL, "%s", found);

	ASSERT_OK(sgan_run_clean(in_temporary("runs")));
	cr_expect_eq(access(path, F_OK), 0, "a run that was just made");
	const struct timespec old[2] = { { .tv_sec = 1000000000 }, { .tv_sec = 1000000000 } };
	int lock = -1;
	ASSERT_OK(sgan_run_lock(path, &lock));
	cr_assert_eq(utimensat(AT_FDCWD, path, old, 0), 0);
	ASSERT_OK(sgan_run_clean(in_temporary("runs")));
	cr_expect_eq(access(path, F_OK), 0, "somebody trains in it");
	sgan_run_unlock(lock);
	cr_assert_eq(mkdir(in_temporary("runs/00007-notes"), 0777), 0);
	cr_assert_eq(utimensat(AT_FDCWD, in_temporary("runs/00007-notes"), old, 0), 0);
	ASSERT_OK(sgan_run_clean(in_temporary("runs")));
	cr_expect_neq(access(path, F_OK), 0, "it is still there");
	cr_expect_eq(access(in_temporary("runs/00007-notes"), F_OK), 0, "a folder of somebody else's");
	cr_expect_eq(access(in_temporary("runs/00000-m-d/checkpoint.safetensors"), F_OK), 0);
	ASSERT_OK(sgan_run_clean(in_temporary("nowhere")));
}

/* What is in the place of a log is not written to. */
Test(log, is_a_file_of_its_own)
{
	struct sgan_log *log = NULL;
	put_text("precious", "text");
	cr_assert_eq(symlink(in_temporary("precious"), in_temporary("stats.jsonl")), 0);
	ASSERT_FAILS(sgan_log_open(temporary, &log), SGAN_EIO, "it is a symbolic link");
	assert_text("precious", "text");
	cr_assert_eq(unlink(in_temporary("stats.jsonl")), 0);
	cr_assert_eq(mkfifo(in_temporary("stats.jsonl"), 0600), 0);
	ASSERT_FAILS(sgan_log_open(temporary, &log), SGAN_EIO, "stats.jsonl: cannot open");
	cr_expect_null(log);
}
