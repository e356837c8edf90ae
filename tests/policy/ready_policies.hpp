// The policies that users start from (rules/policies), and the example that translates.
#pragma once
#include <filesystem>
#include <fstream>
#include <map>
#include <string>

inline std::string policy_file(std::filesystem::path const& name) {
    std::ifstream in(PORTCULLIS_ROOT / name);
    return {std::istreambuf_iterator<char>(in), {}};
}

inline std::string ready_policy(std::string const& name) { return policy_file("rules/policies/" + name + ".toml"); }

// By their names.
inline std::map<std::string, std::string> ready_policies() {
    std::map<std::string, std::string> found;
    for (auto const& entry : std::filesystem::directory_iterator(PORTCULLIS_ROOT "/rules/policies"))
        found[entry.path().stem().string()] = policy_file("rules/policies" / entry.path().filename());
    return found;
}

// What firewalls of Linux can say: those, and a router that translates.
inline std::map<std::string, std::string> policies_for_linux() {
    auto found = ready_policies();
    found["nat-router"] = policy_file("docs/nat-router.toml");
    return found;
}
