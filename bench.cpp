#include "portcullis/catalogue/names.hpp"
#include <chrono>
#include <cstdio>
#include "catalogue/toml_data.hpp"
using namespace portcullis;
int main(){auto n=[]{return std::chrono::duration<double,std::milli>(std::chrono::steady_clock::now().time_since_epoch()).count();};
auto a=n();port_number("ssh",6,Vocabulary::linux_names);auto b=n();icmp_by_name("echo",Family::v4);auto c=n();
unsigned s=0;for(int i=0;i<100000;++i)s+=*port_number("domain",17,Vocabulary::cisco)+*icmp_by_name("echo",Family::v4)->code.has_value();auto d=n();
printf("ports+protos %.2f ms, icmp %.2f ms, 200k lookups %.2f ms %u\n",b-a,c-b,d-c,s);}
