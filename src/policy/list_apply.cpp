// Access lists onto a device. The commands are those of write_update; what the device has at the end is read by our own reader,
// which enters them behind the configuration, and proved like any other.
#include <algorithm>
#include <array>
#include <fmt/format.h>

#include "policy/list_device.hpp"
#include "portcullis/base/visible.hpp"
#include "portcullis/dialect/update.hpp"
#include "portcullis/policy/apply.hpp"

namespace portcullis {
namespace {

constexpr std::size_t hash_digits = 6;

// Names that no other version of the policy has given.
void rename(Ruleset& lists, Origin const& origin) {
    std::string const tail = '-' + origin.hash.substr(0, hash_digits);
    for (Chain& chain : lists.chains) chain.name += tail;
    for (AddressGroup& group : lists.groups) group.name += tail;
}

// The name of the interface in the configuration: "GigabitEthernet0/1" where the policy says "Gi0/1".
std::string name_on_device(Ruleset const& device, std::string const& interface) {
    auto const known = std::ranges::find_if(device.interfaces, [&](Interface const& each) { return same_interface(each.name, interface); });
    return known == device.interfaces.end() ? interface : known->name;
}

bool is_within(std::vector<Gap> const& gaps, Gap const& gap) {
    return std::ranges::any_of(gaps, [&](Gap const& each) {
        return each.path.kind == gap.path.kind && each.path.name == gap.path.name && gap.within.subset_of(each.within);
    });
}

// ---- what is entered around the commands

constexpr unsigned minutes = 5; // until what is not confirmed is taken back

struct Steps {
    std::string_view notes;
    std::string_view before, behind; // the commands
    std::string_view confirm, rollback;
};

// Cisco IOS XE System Management Configuration Guide, "Configuration Rollback Confirmed Change": the timer is in minutes, and needs a
// configuration archive; "Configuration Replace and Configuration Rollback": configure confirm, configure revert now.
constexpr Steps ios{
    "! The device takes everything back by itself; for that it needs an archive, and refuses the first line without one:\n"
    "!   archive\n"
    "!    path flash:before-\n"
    "! Where it has none, or is too old for it, save what runs (copy running-config startup-config), enter \"reload in 5\" and\n"
    "! \"configure terminal\" in place of the first line, and confirm with \"reload cancel\".\n",
    "configure terminal revert timer 5\n",
    "end\n",
    "configure confirm\ncopy running-config startup-config\n",
    "configure revert now\n",
};

// Cisco ASA Series Command Reference, "reload": in [hh:]mm, cancel, noconfirm. A reload starts from what was saved.
constexpr Steps asa{
    "! An ASA has no timer for its configuration: it is saved as it runs now, and the device restarts with that unless the reload\n"
    "! is cancelled. Until then nothing must save it again.\n",
    "write memory\nreload in 5 noconfirm\nconfigure terminal\n",
    "exit\n",
    "reload cancel\nwrite memory\n",
    "reload noconfirm\n",
};

// Cisco Nexus 9000 Series NX-OS System Management Configuration Guide, "Configuring Rollback" and "Configuring the Scheduler":
// start times as +dd:hh:mm. The job is there before the checkpoint, so that the rollback leaves it alone while it runs.
constexpr Steps nxos{
    "! NX-OS has no timer for its configuration: its scheduler goes back to a checkpoint. \"show scheduler schedule\" has to show the\n"
    "! job before the lists are entered; users whom a server authenticates need \"scheduler aaa-authentication\" first.\n",
    "configure terminal\n"
    "feature scheduler\n"
    "scheduler job name portcullis-rollback\n"
    "rollback running-config checkpoint portcullis-before atomic\n"
    "end\n"
    "checkpoint portcullis-before\n"
    "configure terminal\n"
    "scheduler schedule name portcullis-rollback\n"
    "job name portcullis-rollback\n"
    "time start +00:00:05\n"
    "exit\n",
    "end\n",
    "configure terminal\n"
    "no scheduler schedule name portcullis-rollback\n"
    "no scheduler job name portcullis-rollback\n"
    "end\n"
    "no checkpoint portcullis-before\n"
    "copy running-config startup-config\n",
    "rollback running-config checkpoint portcullis-before atomic\n"
    "configure terminal\n"
    "no scheduler job name portcullis-rollback\n"
    "end\n"
    "no checkpoint portcullis-before\n",
};

// Cisco ASR 9000 Series Getting Started Guide, "Commit Command Options": 30 to 300 seconds, and commit within these confirms.
constexpr Steps xr{
    "! All lines are one commit. Stay in this session: confirming is a second commit in it.\n",
    "configure terminal\n",
    "commit confirmed 300\n",
    "commit\nend\n",
    "end\nrollback configuration last 1\n",
};

Steps const& steps_of(Target target) {
    switch (target) {
    case Target::cisco_asa: return asa;
    case Target::cisco_nxos: return nxos;
    case Target::cisco_xr: return xr;
    default: return ios;
    }
}

} // namespace

ListUpdate update_lists(Space& space, Policy const& policy, Target target, Generated const& lists, Origin const& origin,
                        std::optional<SourceId> current, Sources& sources) {
    Dialect const platform = dialect_of(target);
    Ruleset wanted = lists.reading.ruleset;
    Ruleset device;
    device.dialect = platform;
    ListUpdate update;
    std::string text;
    if (current) {
        device = read(sources, *current, platform).ruleset;
        text = std::string(sources[*current].text()) + '\n';
        for (Chain& chain : wanted.chains)
            for (Binding& binding : chain.bindings)
                if (platform != Dialect::cisco_asa) binding.interface = name_on_device(device, binding.interface);
    } else {
        rename(wanted, origin);
    }
    Writing writing = write_update(device, wanted, platform, Rest::stays);
    update.commands = std::move(writing.text);
    update.losses = std::move(writing.losses);
    update.source = sources.add("the device with the commands", text + update.commands);
    update.reading = read(sources, update.source, platform);
    if (!update.losses.empty() || !is_whole(update.reading)) return update;
    update.gaps = find_gaps(space, policy, update.reading.ruleset);
    std::erase_if(update.gaps, [&](Gap const& gap) { return gap.beyond.empty() && is_within(lists.gaps, gap); });
    return update;
}

std::vector<ApplyFile> apply_files(Target target, Policy const& policy, Origin const& origin, std::string const& commands,
                                   bool is_current_known) {
    std::string const name(to_string(dialect_of(target)));
    auto const file = [&](std::string_view what) { return fmt::format("{}-{}.txt", what, name); };
    Steps const& steps = steps_of(target);
    std::string const head = fmt::format("! {}: lists of {}, made by portcullis {}. Enter the lines as they are.\n! policy sha256: {}\n",
                                         policy.device.empty() ? "Device" : policy.device, visible(origin.file), origin.version, origin.hash);
    std::string apply = head + rates_text(policy) + fmt::format("! Then try what has to work, and enter {} within {} minutes; {} takes everything back at once.\n",
                                           file("confirm"), minutes, file("rollback")) +
                        std::string(steps.notes);
    if (!is_current_known)
        apply += "! The lists have names of their own, and take the places of those that the interfaces have, which stay on the device,\n"
                 "! unused. With --current and what runs now, portcullis changes those in place, and removes what is left.\n";
    apply += fmt::format("{}{}{}", steps.before, commands, steps.behind);
    return {{file("apply"), std::move(apply), false},
            {file("confirm"), head + std::string(steps.confirm), false},
            {file("rollback"), head + std::string(steps.rollback), false}};
}

} // namespace portcullis
