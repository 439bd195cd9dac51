import asyncio, time
from chassis.bus import EVENTS, Bus, Reader, BusUnavailable
from chassis.waiting import eventually
import pytest

async def leader(bus, stream=EVENTS):
    return (await bus.jetstream.stream_info(stream)).cluster.leader

@pytest.mark.parametrize("how", ["kill-leader","stop-leader","stop-connected","kill-connected"])
@pytest.mark.timeout(120)
async def test_probe(nats_cluster, how):
    bus = Bus(nats_cluster.url, "probe", replicas=3)
    t=time.monotonic(); await bus.start(); await bus.wait_ready(); print("ready", time.monotonic()-t)
    while not (info := await bus.jetstream.stream_info(EVENTS)).cluster.leader: await asyncio.sleep(.1)
    print(info.config.num_replicas, info.cluster.leader, bus.client.connected_url.netloc, [ (r.name,r.current) for r in info.cluster.replicas])
    got=[]
    async def read():
        async for batch in Reader(bus, EVENTS, ["oep.v1.9.>"], after=(await bus.head(EVENTS)).sequence).batches():
            for d in batch: got.append((time.monotonic()-t0, d.data))
    t0=time.monotonic()
    task=asyncio.create_task(read())
    acks=[]
    async def say():
        n=0
        while True:
            n+=1
            while True:
                try:
                    await bus.publish("oep.v1.9.1.x", b"%d"%n, f"{how}-{n}")
                    acks.append((time.monotonic()-t0,n)); break
                except BusUnavailable: await asyncio.sleep(.1)
            await asyncio.sleep(0.05)
    talk=asyncio.create_task(say())
    await asyncio.sleep(1)
    lead = nats_cluster.named(info.cluster.leader)
    conn = next(s for s in nats_cluster.servers if s.url.endswith(bus.client.connected_url.netloc))
    victim = lead if "leader" in how else conn
    print("leader is connected", lead is conn)
    at=time.monotonic()-t0
    if "kill" in how: await asyncio.to_thread(victim.kill)
    else: victim.suspend()
    t1=time.monotonic()
    while bus.client.is_connected and bus.client.connected_url.netloc==conn.url[7:] and time.monotonic()-t1<12: await asyncio.sleep(.05)
    await eventually(lambda: bus.client.is_connected, 15)
    print("switched after", time.monotonic()-t1, bus.client.connected_url.netloc)
    await asyncio.sleep(16-(time.monotonic()-t1))
    talk.cancel(); 
    await asyncio.sleep(1); task.cancel()
    await asyncio.gather(task,talk,return_exceptions=True)
    gap=max(b[0]-a[0] for a,b in zip(acks,acks[1:])); rgap=max(b[0]-a[0] for a,b in zip(got,got[1:]))
    print(how, "publish gap", gap, "reader gap", rgap, len(acks), len(got), [d for _,d in got]==[b"%d"%n for _,n in acks][:len(got)])
    await bus.close()
    await asyncio.to_thread(nats_cluster.heal)
