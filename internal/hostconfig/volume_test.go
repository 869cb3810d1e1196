package hostconfig_test

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/beamcluster/terraform-provider-beam/internal/testtool"

	"github.com/beamcluster/terraform-provider-beam/internal/program"
)

// volumeRun is one run of the step that mounts the data volume. A plain file
// stands for the volume, and the programs that would mount it write down their
// calls.
type volumeRun struct{ dir, device string }

func newVolumeRun(t *testing.T) volumeRun {
	t.Helper()
	r := volumeRun{dir: t.TempDir()}
	r.device = filepath.Join(r.dir, "device")
	mkfs := testtool.Require(t, "mkfs.ext4")
	for name, body := range map[string]string{
		"mkfs.ext4": "exec " + mkfs + ` "$@"`, "systemctl": "", "mountpoint": "exit 1", "mount": "",
	} {
		r.standIn(t, name, body)
	}
	// A plain file has its size from stat.
	if err := program.Write(filepath.Join(r.dir, "blockdev"), "#!/bin/sh\nexec stat -c %s \"$2\"\n"); err != nil {
		t.Fatal(err)
	}
	return r
}

// standIn is a program that writes down its calls.
func (r volumeRun) standIn(t *testing.T, name, body string) {
	t.Helper()
	script := "#!/bin/sh\necho \"" + name + " $*\" >>" + r.dir + "/calls\n" + body + "\n"
	if err := program.Write(filepath.Join(r.dir, name), script); err != nil {
		t.Fatal(err)
	}
}

// fill makes the volume: of 128 MiB, zeros but for what is written into it.
func (r volumeRun) fill(t *testing.T, offset int64, data string) {
	t.Helper()
	file, err := os.Create(r.device)
	if err != nil {
		t.Fatal(err)
	}
	_, written := file.WriteAt([]byte(data), offset)
	if err := errors.Join(written, file.Truncate(128<<20), file.Close()); err != nil {
		t.Fatal(err)
	}
}

// start runs the step, and returns what it said and what it called.
func (r volumeRun) start(t *testing.T) (said, calls string, err error) {
	t.Helper()
	userData, err := exampleDatabase().Render()
	if err != nil {
		t.Fatal(err)
	}
	step := strings.NewReplacer(
		"device=/dev/disk/by-id/scsi-0DO_Volume_chat-database", "device="+r.device, "[ -b ", "[ -e ",
		"/srv/postgresql", r.dir+"/postgresql", "/etc/fstab", r.dir+"/fstab",
	).Replace(stepOf(t, userData, "volume"))
	command := exec.CommandContext(t.Context(), "sh", "-c", step)
	command.Env = []string{"PATH=" + r.dir + ":/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL=C"}
	out, err := command.CombinedOutput()
	log, readErr := os.ReadFile(filepath.Join(r.dir, "calls"))
	if readErr != nil && !errors.Is(readErr, os.ErrNotExist) {
		t.Fatal(readErr)
	}
	return string(out), strings.ReplaceAll(string(log), r.dir, ""), err
}

// content is a hash of what the volume holds, which is too much to keep in memory.
func (r volumeRun) content(t *testing.T) [sha256.Size]byte {
	t.Helper()
	device, err := os.Open(r.device)
	must(t, err)
	defer device.Close()
	hash := sha256.New()
	_, err = io.Copy(hash, device)
	must(t, err)
	return [sha256.Size]byte(hash.Sum(nil))
}

// holds says whether a text is anywhere on the volume.
func (r volumeRun) holds(t *testing.T, text string) bool {
	t.Helper()
	device, err := os.Open(r.device)
	must(t, err)
	defer device.Close()
	const step = 1 << 20
	part := make([]byte, step+len(text)) // it may begin in one step and end in the next
	for at := int64(0); ; at += step {
		length, err := device.ReadAt(part, at)
		if bytes.Contains(part[:length], []byte(text)) {
			return true
		}
		if errors.Is(err, io.EOF) {
			return false
		}
		must(t, err)
	}
}

func TestANewVolumeIsFormattedOnce(t *testing.T) {
	t.Parallel()
	r := newVolumeRun(t)
	r.fill(t, 0, "")
	const mounting = "systemctl daemon-reload\nmountpoint -q /postgresql\nmount /postgresql\n"
	said, calls, err := r.start(t)
	if want := "mkfs.ext4 -q -m 1 /device 127M\n" + mounting; err != nil || calls != want {
		t.Fatalf("%v %s\ngot the calls\n%swant\n%s", err, said, calls, want)
	}
	formatted := r.content(t)
	said, calls, err = r.start(t)
	if err != nil || strings.Count(calls, "mkfs") != 1 || !strings.HasSuffix(calls, mounting) {
		t.Errorf("once more: %v %s\n%s", err, said, calls)
	}
	if formatted != r.content(t) {
		t.Error("a second run changed the volume")
	}
}

// What is there may be somebody's only copy.
func TestNoVolumeIsFormattedThatMayHoldSomething(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		story  string
		offset int64
		data   string
	}{
		{"no file system that is known here", 5 << 20, "tuples"},
		{"a single byte at the beginning", 0, "\x01"},
		{"a single byte far behind", 64<<20 - 1, "\x01"},
	} {
		t.Run(tt.story, func(t *testing.T) {
			t.Parallel()
			r := newVolumeRun(t)
			r.fill(t, tt.offset, tt.data)
			before := r.content(t)
			said, calls, err := r.start(t)
			if err == nil || !strings.Contains(said, "is not empty. Nothing was written to it") {
				t.Errorf("it ends with %v and says %q", err, said)
			}
			if calls != "" || before != r.content(t) {
				t.Errorf("the volume was written to, or the step went on:\n%s", calls)
			}
		})
	}
}

// A file system of another kind is known, and mounting it then fails.
func TestAVolumeOfAnotherKindIsNotFormatted(t *testing.T) {
	t.Parallel()
	r := newVolumeRun(t)
	r.fill(t, 0, "")
	if out, err := exec.CommandContext(t.Context(), testtool.Require(t, "mkswap"), r.device).CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	before := r.content(t)
	if _, calls, _ := r.start(t); strings.Contains(calls, "mkfs") || !strings.Contains(calls, "mount /postgresql") || before != r.content(t) {
		t.Errorf("the volume was written to, or not tried:\n%s", calls)
	}
}

// blkid says of a volume that it cannot read what it says of an empty one.
func TestAVolumeThatCannotBeReadIsLeftAlone(t *testing.T) {
	t.Parallel()
	r := newVolumeRun(t)
	r.device = "/proc/self/mem" // nothing is mapped at its beginning: reading it is an error
	said, calls, err := r.start(t)
	if err == nil || !strings.Contains(said, "cannot be read. Nothing was written to it") || calls != "" {
		t.Errorf("got %v, %q and the calls\n%s", err, said, calls)
	}
}

// mkfs that is cut off leaves a volume that is neither new nor whole. What this
// host began itself it begins anew; it knows it by a sign at the volume's end.
func TestAFormattingThatWasCutOffBeginsAnew(t *testing.T) {
	t.Parallel()
	mkfs := testtool.Require(t, "mkfs.ext4")
	for story, cutOff := range map[string]string{
		"before mkfs wrote anything":   "exit 1",
		"before the superblock":        `printf 'bitmaps' | dd of="$4" bs=1M seek=5 conv=notrunc status=none; exit 1`,
		"after all but the last write": mkfs + ` "$@"; exit 1`,
	} {
		t.Run(story, func(t *testing.T) {
			t.Parallel()
			r := newVolumeRun(t)
			r.fill(t, 0, "")
			r.standIn(t, "mkfs.ext4", cutOff)
			if said, calls, err := r.start(t); err == nil || strings.Contains(calls, "mount") {
				t.Fatalf("the step went on: %s\n%s", said, calls)
			}
			r.standIn(t, "mkfs.ext4", "exec "+mkfs+` "$@"`)
			said, calls, err := r.start(t)
			if err != nil || !strings.HasSuffix(calls, "mount /postgresql\n") {
				t.Fatalf("%v %s\n%s", err, said, calls)
			}
			if r.holds(t, "beam formats this volume") {
				t.Error("the volume may be mounted and still says that nothing is on it")
			}
		})
	}
}

// The sign speaks of a volume that has not been mounted since.
func TestOnlyAVolumeWithTheSignInItsPlaceIsFormattedAgain(t *testing.T) {
	t.Parallel()
	r := newVolumeRun(t)
	r.fill(t, 64<<20-1, "beam formats this volume, and nothing else is on it")
	before := r.content(t)
	if said, calls, err := r.start(t); err == nil || calls != "" || before != r.content(t) {
		t.Errorf("the volume was written to: %v %s\n%s", err, said, calls)
	}
}
