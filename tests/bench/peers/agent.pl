#!/usr/bin/perl
# SPDX-License-Identifier: BSD-2-Clause
#
# agent.pl SOCKET ROWS - the rows of the benchmark by Net-SNMP's Perl module.
use strict;
use warnings;
use NetSNMP::agent (':all');
use NetSNMP::ASN (':all');
use NetSNMP::OID (':all');
use NetSNMP::default_store (':all');

my ($socket, $n) = @ARGV;
$ENV{MIBS} = '';
my @columns = (2, 3, 4, 5, 6, 7, 8, 9, 11, 13, 14, 15, 16, 17);
my %writable = map { $_ => 1 } (3, 5, 6, 7, 8, 9);
my %type = map { $_ => ASN_OCTET_STR } (2, 11, 13, 14, 15, 16);
$type{$_} = ASN_INTEGER for (3, 4, 5, 6, 17);
$type{$_} = ASN_UNSIGNED for (7, 8, 9);
my (@rows, @instances, %number, %next_column);

for my $i (0 .. $n - 1) {
	my $key = sprintf('rel%07d', $i);
	my $instance = join('.', 1, length($key), unpack('C*', $key));
	push @instances, $instance;
	$number{$instance} = $i;
	push @rows, { 2 => $key, 3 => 0, 4 => $i & 1, 5 => 3, 6 => 3,
	    7 => 3600, 8 => 7200, 9 => 50,
	    11 => pack('C4', 10, $i >> 14, $i >> 7 & 127, $i & 127),
		    13 => pack('C4', 10, 64 | $i >> 14, $i >> 7 & 127, $i & 127),
	    14 => 'dhcp1.example.net', 15 => 'dhcp2.example.net', 16 => '', 17 => 1 };
}
$next_column{$columns[$_]} = $columns[$_ + 1] for (0 .. $#columns - 1);

my $root = '1.3.6.1.4.1.8072.9999.9999.647.1.3';
my $skip = 13;

# Column and instance of an OID, as text.
sub apart {
	my @subs = ($_[0]->to_array())[$skip .. $_[0]->length - 1];
	my $column = shift @subs;
	return ($column, join('.', @subs));
}

sub give {
	my ($request, $column, $row) = @_;
	$request->setValue($type{$column}, $rows[$row]{$column});
}

sub give_next {
	my ($request) = @_;
	my ($column, $instance) = apart($request->getOID());
	my $row;

	$column = 2, $instance = '' if !defined $column || $column < 2;
	return if !exists $type{$column};
	if ($instance eq '') {
		$row = 0;
	} else {
		return if !exists $number{$instance};
		$row = $number{$instance} + 1;
	}
	if ($row >= $n) {
		$column = $next_column{$column};
		return if !defined $column;
		$row = 0;
	}
	$request->setOID("$root.1.$column.$instances[$row]");
	give($request, $column, $row);
}

sub handler {
	my ($handler, $registration, $info, $requests) = @_;
	my $mode = $info->getMode();

	for (my $request = $requests; $request; $request = $request->next()) {
		if ($mode == MODE_GETNEXT) {
			give_next($request);
			next;
		}
		my ($column, $instance) = apart($request->getOID());
		my $row = $number{$instance};
		if (!defined $row) {
			$request->setError($info, $mode == MODE_GET ?
			    SNMP_ERR_NOSUCHNAME : SNMP_ERR_NOCREATION);
		} elsif ($mode == MODE_GET) {
			give($request, $column, $row);
		} elsif ($mode == MODE_SET_RESERVE1) {
			$request->setError($info, SNMP_ERR_NOTWRITABLE)
			    if !$writable{$column};
		} elsif ($mode == MODE_SET_ACTION) {
			$rows[$row]{$column} = $request->getValue();
		}
	}
}

netsnmp_ds_set_string(NETSNMP_DS_APPLICATION_ID, 1, # NETSNMP_DS_AGENT_X_SOCKET
    $socket);
my $agent = NetSNMP::agent->new('Name' => 'bench', 'AgentX' => 1);
$agent->register('bench', $root, \&handler) or die "cannot register\n";
$agent->agent_check_and_process(1) while (1);
